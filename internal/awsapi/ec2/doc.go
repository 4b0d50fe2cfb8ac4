// Package ec2 answers of EC2's API what is about flow logs: CreateFlowLogs, DescribeFlowLogs, DeleteFlowLogs, their tags, and
// GetFlowLogsIntegrationTemplate. Each operation has a file.
//
// What comes in are calls ([awsapi.Call]) in EC2's form of AWS Query; what goes out is what [flowlogstore.Store] keeps. Package app makes the
// service and puts it into the router.
//
// Sources: AWS, Amazon EC2 API Reference, version 2016-11-15; botocore's model of it.
package ec2
