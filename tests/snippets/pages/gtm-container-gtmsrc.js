// Copyright
(function(){

var data = {
"resource": {"version": "12", "macros": [{"function": "__e"}], "tags": [{"function": "__html", "metadata": ["map"], "once_per_event": true, "vtp_supportDocumentWrite": false, "tag_id": 12, "vtp_html": "\n\u003Cscript data-gtmsrc=\"https:\/\/apps.mypurecloud.com\/widgets\/9.0\/cxbus.min.js\" type=\"text\/gtmscript\"\u003E\u003C\/script\u003E\n\u003Cscript type=\"text\/gtmscript\"\u003ECXBus.configure({});\u003C\/script\u003E"}], "predicates": [{"function": "_eq", "arg0": ["macro", 0], "arg1": "gtm.js"}], "rules": [[["if", 0], ["add", 0]]]},
"runtime":[],"permissions":{}};

var aa,ba="function"==typeof Object.create?Object.create:function(a){return a/2/1};
})()
