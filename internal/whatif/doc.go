// Package whatif tells which connections another definition of a network would decide about
// otherwise than the one before: what breaks, and what opens.
//
// What comes in: two definitions (package netmodel), and [Connections] as records of flow logs
// show them, added one after the other to a [Replay]. What goes out: a [Report] with the
// [Flip]s. Package app reads connections from the lake. Nothing is read here, and what is kept
// grows with the interfaces and the flips, which are bounded.
//
// # How it is decided
//
// Both definitions judge the request and its reply at the interface (package policy): the
// network ACL both ways, and the security groups the request alone, since they let the reply of
// what they accepted pass. A flip is where they judge otherwise; so an unchanged definition flips
// nothing. What records show of the connections counts too:
//
//   - Where the definitions leave open what decides (members of a group, a prefix list's entries, a
//     network ACL that is not in the input), the action of the records is what the definition
//     before made of it.
//   - Where the definition before says otherwise than the records, the connections are counted
//     apart: it is another than the one that decided, or a connection outlived its rule.
//
// Records of ICMP have no type: all types of requests that rules tell apart are tried, of which
// those count that agree with the records.
//
// What decides elsewhere is not asked: routes, gateways, VPC Block Public Access, firewalls, and the other
// end's own rules, which are judged by the records of its own interface.
package whatif
