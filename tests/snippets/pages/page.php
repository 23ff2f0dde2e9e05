<?php if ($a > 1) { ?>
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Garden tools</title>
<script>
(function (w, name, address, settings, el) {
  w['_genesysJs'] = name;
  w[name] = w[name] || function () { (w[name].q = w[name].q || []).push(arguments); };
  w[name].t = 1 * new Date();
  w[name].c = settings;
  el = document.createElement('script'); el.async = 1; el.src = address; el.charset = 'utf-8';
  document.head.appendChild(el);
})(window, 'Genesys', 'https://apps.mypurecloud.ie/genesys-bootstrap/genesys.min.js', {
  environment: 'prod-euw1',
  deploymentId: '0aa1b2c3-d4e5-46f7-8899-aabbccddeeff'
});
</script>
</head>
<body>
<h1>Garden tools</h1>

</body>
</html>
<?php } ?>