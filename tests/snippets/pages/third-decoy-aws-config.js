window.AWS_CONFIG={region:"eu-west-1",userPoolId:"eu-west-1_abc",deploymentId:"0aa1b2c3-d4e5-46f7-8899-aabbccddeeff"};
