// Package flowlogstore keeps flow logs as resources: what shall be captured of which VPC, subnet, network interface, transit gateway or
// regional NAT gateway, and where the records go. They are in DATA/flowlogs.db.
//
// What comes in is what EC2's CreateFlowLogs takes; it is checked here, and refused in AWS's words where they are known. What goes out is
// the flow logs with their tags and how delivery goes, and a generation: a number that grows with each change, for which a reader can
// wait. A flow log never changes but for its tags and the state of its delivery: who wants another makes another, as with AWS.
//
// Package awsapi/ec2 answers EC2's API by it, and package app opens it. It neither captures nor delivers: what does reads the flow logs here,
// waits for the next generation, and says with [Store.SetDelivery] how delivery goes.
//
// Sources: AWS, Amazon EC2 API Reference, CreateFlowLogs, DescribeFlowLogs, DeleteFlowLogs; answers of AWS that others recorded. What these leave
// open is in docs/decisions/0042-flow-logs-as-resources.md.
package flowlogstore
