// Copyright
(function(){

var data = {
"resource": {"version": "12", "macros": [{"function": "__e"}], "tags": [{"function": "__html", "metadata": ["map"], "once_per_event": true, "vtp_supportDocumentWrite": false, "tag_id": 12, "vtp_html": "\n\u003Cscript type=\"text\/gtmscript\"\u003Econsole.log(\"genesys is gone\")\u003C\/script\u003E"}], "predicates": [{"function": "_eq", "arg0": ["macro", 0], "arg1": "gtm.js"}], "rules": [[["if", 0], ["add", 0]]]},
"runtime":[],"permissions":{}};

var aa,ba="function"==typeof Object.create?Object.create:function(a){return a/2/1};
})()
