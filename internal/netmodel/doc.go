// Package netmodel is what a network's definition says, as values: VPCs, subnets, ENIs,
// security groups, network ACLs and prefix lists of any number of accounts and regions at
// one moment. [Load] reads it from what `aws ec2 describe-*` prints. Package policy
// decides by it.
//
// What the input does not hold is not assumed: [Network.Missing] names what is referred to
// and not there.
package netmodel
