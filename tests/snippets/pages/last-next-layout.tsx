import Script from 'next/script'
export default function RootLayout({ children }) {
  return <html><body>{children}
    <Script id="genesys" strategy="lazyOnload" dangerouslySetInnerHTML={{ __html: `(function (g, e, n, es, ys) {
    g['_genesysJs'] = e;
    g[e] = g[e] || function () {
      (g[e].q = g[e].q || []).push(arguments)
    };
    g[e].t = 1 * new Date();
    g[e].c = es;
    ys = document.createElement('script'); ys.async = 1; ys.src = n; ys.charset = 'utf-8'; document.head.appendChild(ys);
  })(window, 'Genesys', 'https://apps.apne2.pure.cloud/genesys-bootstrap/genesys.min.js', {
    environment: 'prod-apne2',
    deploymentId: '00000324-7b1e-4c52-9d3f-000000000324'
  });` }} />
  </body></html>
}
