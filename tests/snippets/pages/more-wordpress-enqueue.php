<?php
/* Plugin Name: Lamps Chat */
add_action( 'wp_footer', function () {
  if ( is_admin() ) { return; }
  ?>
  <script>
  (function (g, e, n, es, ys) {
    g['_genesysJs'] = e;
    g[e] = g[e] || function () {
      (g[e].q = g[e].q || []).push(arguments)
    };
    g[e].t = 1 * new Date();
    g[e].c = es;
    ys = document.createElement('script'); ys.async = 1; ys.src = n; ys.charset = 'utf-8'; document.head.appendChild(ys);
  })(window, 'Genesys', 'https://apps.apse1.pure.cloud/genesys-bootstrap/genesys.min.js', {
    environment: 'prod-apse1',
    deploymentId: '0000022e-7b1e-4c52-9d3f-00000000022e'
  });
  </script>
  <?php
}, 20 );
