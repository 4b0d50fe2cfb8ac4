// Package attribute tells, for records of flow logs, which rule decided: the fields
// weir-reject-stage, weir-reject-rule, weir-allow-rules, weir-attribution and weir-ruleset.
//
// What comes in: records with their directions and pairs, and the network as it was at their
// times ([Source]). What goes out: a [Told] for each. Package app wires it to the lake, which
// calls it while it writes hours. It keeps nothing but definitions that were asked lately.
//
// # Rules
//
// At an ENI a packet that comes in is asked about by the network ACL and then the security groups,
// one that goes out by the groups and then the network ACL; within a subnet the network ACL is not
// asked; a reply passes the groups with its connection (package policy). So:
//
//   - What the network ACL denies on the way in, it refused, whatever the groups say.
//   - What the network ACL lets pass and no rule of the groups allows, the groups refused: a
//     reply would have passed them.
//   - What goes out and both refuse, the groups refused if it opens a connection, and the network
//     ACL if it answers one. A SYN alone opens one; a SYN with ACK answers the one whose SYN
//     another record of the hour shows as accepted. Else it is one of both.
//   - What nothing refuses and is refused all the same, is a contradiction: the definition is
//     another than the one that decided, or the packet came after its connection (stage
//     stray, where TCP's flags say that it opens none).
//   - What was accepted, was so by the rules that allow it as a request, or allow the request that
//     it answers. Where neither TCP's flags nor the SYN of another record of the hour tell which
//     it is, the rules of both are listed: a SYN with ACK may be one that nobody asked for. What
//     neither explains is a contradiction: the connection outlived its rule, or the definition is
//     another.
//
// Of traffic that passed though nothing enforces the rules, the record says what they say in
// weir-would-action: that is explained, and not its action.
//
// ICMP's types are not in records: all that rules tell apart are tried.
//
// A definition is asked as it was from 60 s before the record's start to 60 s after its end.
// Where it changed in that time, all are asked; if they tell different things, these are
// listed. Things of which nobody knows how they were then, members of groups that are not in the
// input, and addresses in a VPC that no known ENI has, leave an answer unknown where it depends
// on them; rules that are known and may allow it are listed with those that do.
//
// # Exact
//
// One rule, or the groups' lack of one, explains the action, by the definition of that time. Of
// accepted records whose SYN no record of the hour shows it is said only where no rule changed
// before: else their connection may be older than the rules.
package attribute
