import Script from 'next/script';
export const Chat = () => (
  <>
    <p>Don't worry</p>
    <Script src="https://apps.mypurecloud.ie/journey/sdk/js/web/v1/ac.js" strategy="lazyOnload" />
    <Script id="x">{`ac('init', '00000074-1c2d-4e3f-8a4b-000000000074', { region: 'euw1' }); ac('pageview');`}</Script>
  </>
);
