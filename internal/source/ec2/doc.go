// Package ec2 asks EC2 for the flow logs of an account and region, above all for
// their LogFormat: objects without a header cannot be read without it.
//
// What comes in is a login (see source/s3) and, where only some are wanted, the
// flow log ids that the keys of objects name; what goes out is
// [source.FlowLog] values. It needs the permission ec2:DescribeFlowLogs and
// changes nothing. The commands that take logs into the lake call it. It is a
// package of its own because the SDK of EC2 is large.
package ec2
