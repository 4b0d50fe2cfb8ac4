// Package integration writes the CloudFormation template that EC2's GetFlowLogsIntegrationTemplate makes: Athena's database, tables, workgroups and
// named queries for one flow log that goes to a bucket.
//
// What comes in is a [Request]: the flow log as package flowlogstore keeps it, where its objects lie, and what is asked of Athena. What goes out is the
// text of a template, or an [Error] of EC2. Package awsapi/ec2 calls it. AWS publishes what its template makes and under which names, and not the
// template: the table is that of package athenasql/flowtable, the queries are those of package savedquery.
//
// Where AWS's template has a Lambda function that adds partitions, this one has none: the partitions are projected, so that each day is there when it begins.
//
// Sources: AWS, VPC User Guide, "Query flow logs using Amazon Athena", "Resources created by the CloudFormation template"; GetFlowLogsIntegrationTemplate
// and AthenaIntegration in the Amazon EC2 API Reference; CloudFormation User Guide, AWS::Glue::Table, AWS::Athena::WorkGroup, AWS::Athena::NamedQuery.
package integration
