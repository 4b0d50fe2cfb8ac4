// Package netmodel is what a network's definition says, as values: VPCs, subnets, ENIs,
// security groups, network ACLs, prefix lists, route tables and what they lead to, of any
// number of accounts and regions at one moment. [Load] reads it from what
// `aws ec2 describe-*` prints. Package policy decides by it.
//
// Answers that do not say of what they are (get-managed-prefix-list-entries,
// search-transit-gateway-routes, get-transit-gateway-route-table-associations and
// -propagations) are read where the file's name has the id, as pl-0123456789abcdef0.json, or
// where somebody put it beside the answer: {"PrefixListId": "pl-1", "Entries": [...]}.
//
// What the input does not hold is not assumed: [Network.Missing] names what is referred to
// and not there.
package netmodel
