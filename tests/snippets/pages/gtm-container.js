// Copyright
(function(){

var data = {
"resource": {"version": "12", "macros": [{"function": "__e"}], "tags": [{"function": "__paused", "tag_id": 1}, {"function": "__html", "metadata": ["map"], "once_per_event": true, "vtp_supportDocumentWrite": false, "tag_id": 12, "vtp_html": "\n\u003Cscript type=\"text\/gtmscript\"\u003E!function(e,n,t,c,s){e._genesysJs=n,e[n]=e[n]||function(){(e[n].q=e[n].q||[]).push(arguments)},e[n].t=1*new Date,e[n].c=c,(s=document.createElement(\"script\")).async=1,s.src=t,s.charset=\"utf-8\",document.head.appendChild(s)}(window,\"Genesys\",\"https:\/\/apps.euw2.pure.cloud\/genesys-bootstrap\/genesys.min.js\",{environment:\"prod-euw2\",deploymentId:\"00000064-1c2d-4e3f-8a4b-000000000064\"});\u003C\/script\u003E"}], "predicates": [{"function": "_eq", "arg0": ["macro", 0], "arg1": "gtm.js"}], "rules": [[["if", 0], ["add", 0, 1]]]},
"runtime":[],"permissions":{}};

var aa,ba="function"==typeof Object.create?Object.create:function(a){return a/2/1};
})()
