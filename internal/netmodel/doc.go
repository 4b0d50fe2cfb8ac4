// Package netmodel is what a network's definition says, as values: VPCs, subnets, ENIs,
// security groups, network ACLs, prefix lists, route tables and what they lead to, load
// balancers, the resources of services that have ENIs, and flow logs, of any number of
// accounts and regions at one moment. [Load] reads it from what `aws ec2 describe-*` and the
// like of elb, elbv2, rds, elasticache, redshift, workspaces, lambda and efs print. Package
// policy decides by it.
//
// Each ENI has a [Role] where its type, its description or a resource says so, and none
// else. Members of answers are read, listed as ignored, or reported as unknown.
//
// Answers that do not say of what they are (get-managed-prefix-list-entries,
// search-transit-gateway-routes, get-transit-gateway-route-table-associations and
// -propagations) are read where the file's name has the id, as pl-0123456789abcdef0.json, or
// where somebody put it beside the answer: {"PrefixListId": "pl-1", "Entries": [...]}. ARNs
// of describe-target-health and of attributes are only looked for beside the answer.
//
// It reads too what people write in YAML, whose keys are the fields of these types
// (docs/reference/network-yaml.md; [Network.YAML] prints it, [FormSchema] is its schema), and
// what `terraform show -json` prints, made into answers.
//
// What the input does not hold is not assumed: [Network.Missing] names what is referred to
// and not there.
package netmodel
