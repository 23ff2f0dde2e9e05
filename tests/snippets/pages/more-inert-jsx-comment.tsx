import Head from 'next/head';
export default function Layout({ children }: { children: React.ReactNode }) {
  return (<>
    <Head>
      {/* <script src="https://apps.mypurecloud.ie/genesys-bootstrap/genesys.min.js" /> */}
    </Head>
    {children}
  </>);
}
