require.config({ paths: { genesys: 'https://apps.mypurecloud.de/genesys-bootstrap/genesys.min' } });
define(['genesys'], function () {
  window.Genesys.c = { environment: 'prod-euc1', deploymentId: '00000235-7b1e-4c52-9d3f-000000000235' };
});
