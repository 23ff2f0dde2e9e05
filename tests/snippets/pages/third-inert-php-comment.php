<?php
/*
$chat = '<script src="https://apps.mypurecloud.ie/genesys-bootstrap/genesys.min.js"></script>';
*/
?>
<h1>Lamps</h1>
