(self.webpackChunk_N_E=self.webpackChunk_N_E||[]).push([[888],{1:function(e,t,n){t.default=function(){return(0,i.jsx)(s(),{id:"genesys",strategy:"afterInteractive",children:`(function (w, name, address, settings, el) {
  w['_genesysJs'] = name;
  w[name] = w[name] || function () { (w[name].q = w[name].q || []).push(arguments); };
  w[name].t = 1 * new Date();
  w[name].c = settings;
  el = document.createElement('script'); el.async = 1; el.src = address; el.charset = 'utf-8';
  document.head.appendChild(el);
})(window, 'Genesys', 'https://apps.mypurecloud.com/genesys-bootstrap/genesys.min.js', {
  environment: 'prod',
  deploymentId: '00000071-1c2d-4e3f-8a4b-000000000071'
});`})}}}]);