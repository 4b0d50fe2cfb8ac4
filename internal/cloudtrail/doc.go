// Package cloudtrail reads CloudTrail's log files and says when rules of a network changed:
// between two imports of a definition that differ, they give the moment.
//
// What comes in is a file as CloudTrail delivers it to a bucket: JSON with Records, gzipped or
// not. What goes out are [Change] values: at this time this call did this to these objects, as
// the event says it. These calls are known:
//
//   - AuthorizeSecurityGroupIngress, AuthorizeSecurityGroupEgress, RevokeSecurityGroupIngress,
//     RevokeSecurityGroupEgress, ModifySecurityGroupRules: a security group;
//   - CreateNetworkAclEntry, ReplaceNetworkAclEntry, DeleteNetworkAclEntry: a network ACL;
//   - ReplaceNetworkAclAssociation: an association of a subnet, which the call names by the
//     association's id only, and the network ACL that it is with from then on;
//   - ModifyNetworkInterfaceAttribute: an ENI, its security groups or something else of it;
//   - CreateSecurityGroup, DeleteSecurityGroup, CreateNetworkInterface, DeleteNetworkInterface,
//     RunInstances: a security group or an ENI as a whole;
//   - CreateRoute, DeleteRoute: a route table.
//
// AWS documents what a record is made of, and not what requestParameters and responseElements
// of each call look like: they are the request and the answer of EC2's API, lists as {"items":
// [...]}. What is read of them is what published records have. A record that has another form
// is a change whose effects are not clear ([Change.Unclear]): its objects are known, and what
// became of them is not.
//
// A call that failed changed nothing. Other calls of EC2 can change what decides about packets
// too: those on associations of route tables, prefix lists, addresses. Each that is no read and not known to be
// harmless is a change of what it names ([Change.NotFollowed]). Calls of other services, as of
// Elastic Load Balancing, are none; what these do to ENIs and groups they do by EC2's calls.
//
// [Day] says of which days there are records at all.
//
// CloudTrail delivers an event at least once, so that an EventID can come again, in another
// file too. Package versions keeps changes and makes
// something of them. Source: CloudTrail user guide, "CloudTrail record contents".
package cloudtrail
