//tealium universal tag - utag.12 ut4.0, Copyright 2026 Tealium.com Inc. All Rights Reserved.
try{(function(id,loader){var u={"id":id};utag.o[loader].sender[id]=u;u.ev={"view":1};u.map={};u.extend=[];u.send=function(a,b){if(u.ev[a]||u.ev.all!==undefined){
u.data={"deploymentId":"00000232-7b1e-4c52-9d3f-000000000232","environment":"prod-euw1","debug":"false","base_url":"https://apps.mypurecloud.ie/genesys-bootstrap/genesys.min.js"};
window._genesysJs="Genesys";window.Genesys=window.Genesys||function(){(window.Genesys.q=window.Genesys.q||[]).push(arguments)};window.Genesys.c={environment:u.data.environment,deploymentId:u.data.deploymentId};
utag.ut.loader({"type":"script","src":u.data.base_url,"loc":"script","id":"utag_12"});}};utag.o[loader].loader.LOAD(id);}("12","lamps.main"));}catch(error){utag.DB(error);}
