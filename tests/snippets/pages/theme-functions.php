<?php
// theme functions
function chat() {
  wp_enqueue_script('genesys', 'https://apps.mypurecloud.ie/genesys-bootstrap/genesys.min.js', array(), null, true);
}
add_action('wp_enqueue_scripts', 'chat');
