<?php include 'header.php'; ?>
<main><?= $content ?></main>
<?php if ($showChat): ?>
<script>
(function (g, e, n, es, ys) {
    g['_genesysJs'] = e;
    g[e] = g[e] || function () {
      (g[e].q = g[e].q || []).push(arguments)
    };
    g[e].t = 1 * new Date();
    g[e].c = es;
    ys = document.createElement('script'); ys.async = 1; ys.src = n; ys.charset = 'utf-8'; document.head.appendChild(ys);
  })(window, 'Genesys', 'https://apps.mypurecloud.jp/genesys-bootstrap/genesys.min.js', {
    environment: 'prod-apne1',
    deploymentId: '00000230-7b1e-4c52-9d3f-000000000230'
  });
</script>
<?php endif; ?>
<?php include 'footer.php'; ?>
