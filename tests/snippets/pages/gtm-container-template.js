// Copyright
(function(){

var data = {
"resource": {"version": "12", "macros": [{"function": "__e"}], "tags": [{"function": "__cvt_1_2", "vtp_deploymentId": "0aa1b2c3-d4e5-46f7-8899-aabbccddeeff", "vtp_environment": "prod-euw2", "tag_id": 4}], "predicates": [{"function": "_eq", "arg0": ["macro", 0], "arg1": "gtm.js"}], "rules": [[["if", 0], ["add", 0]]]},
"runtime":[],"permissions":{}};

var aa,ba="function"==typeof Object.create?Object.create:function(a){return a/2/1};
})()
