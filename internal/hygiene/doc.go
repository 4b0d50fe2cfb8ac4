// Package hygiene tells from connections which rules of security groups and entries of
// network ACLs were used, which were not, and of which nobody can say it; and the smallest rules
// that would do in place of one.
//
// What comes in: definitions of a network (package netmodel) with the times at which they were
// in force, connections as records show them ([Connection]), and what hours of which interfaces
// there are records of ([Log]). What goes out: a [Rule] for each, with a [Verdict], and a
// [Proposal]. It reads nothing. Package app calls it.
//
// # What uses a rule
//
// A rule of a security group is used by connections whose first packet it allows and that were
// accepted: groups remember connections, so that replies use none. Where several rules allow,
// each is used; the one that alone does is their sole one. An entry of a network ACL is used by
// the packets that it decides about: the requests and the replies, each by its own direction
// and port; one that denies is used by what was refused. What is refused uses no rule that
// allows.
//
// A reply of an untracked flow is judged by the rules of its own direction (EC2 user guide,
// "Untracked connections"), and is still no use of them: without the rule for all addresses and
// ports the flow would be tracked.
//
// # What can't be told
//
// No rule is called unused where it may have been used unseen; [Reason] lists why:
// the interfaces were not logged, or lost records; the traffic is not recorded by AWS; a rule is
// for a type of ICMP, which records do not carry; who began the connections is a guess, and the
// other way round they would use it; connections were accepted that no rule of the definition
// allows, and it may be by this one, as by a group in a peered VPC, or that of a load
// balancer that keeps its clients' addresses.
//
// Who began is a guess where the format has no tcp-flags, and always of UDP. It is not taken for
// one where the port that was called is below 32768 and the other not, or below 1024 and the
// other not: Linux takes 32768 and above for clients, Windows 49152, NAT gateways, load
// balancers and Lambda 1024 (VPC user guide, "Ephemeral ports"). Where just one of both ways has
// a rule that names the port, it is that one.
package hygiene
