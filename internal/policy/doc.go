// Package policy decides what security groups and network ACLs do with a packet at one
// ENI, and which way it takes between two ends, and says which rule and route it was.
//
// What comes in: a network's definition (package netmodel), and packets with the direction
// in which they pass the ENI. What goes out: a [Decision] for each, and from it, where
// somebody wants to read it, a [Verdict]. [Interface.Decide] takes each packet for the first
// of its connection; [Connections] knows the connections that are open. Nothing is read, no
// clock is asked, and nothing but connections is kept. [Lint] decides of no packet: it says
// what is wrong with the rules, whatever packets come.
//
// # Order
//
// A packet that comes in passes the network ACL and then the security groups; one that
// goes out passes the groups and then the network ACL. The network ACL is asked only where
// the packet crosses the border of the subnet (VPC user guide, "Network ACL basics"), and
// the first that refuses is the one that is named.
//
// Whether the border is crossed is told by the other end's address: it is not, if it lies
// in the networks of the ENI's subnet or is one of its link. That is exact for whatever has kept its addresses and
// was not sent through another subnet on the way. A packet of a network load balancer in
// another subnet, which keeps a client's address of this one, is told wrongly. On a [Path] and
// its legs the next hop tells it.
//
// # Paths
//
// [Definition.Path] follows a packet from an ENI, the internet, or a gateway to another
// network, by route tables, and by what they lead to: internet gateways, NAT gateways, VPC
// peering, transit gateways, virtual private gateways and gateway endpoints. Its [Step]s are
// the routes, gateways and rules, in order; then the reply goes its own way back. "No route" is
// an answer, by the stage [Route], before any rule is asked. What a gateway does to addresses
// is seen in the steps: groups and network ACLs are asked about the packet as it is there.
//
// What leads on and is not in the definition, and appliances that are a route's target, end it
// with [ErrNoPath]; where AWS leaves a choice, all are tried (docs/decisions/0015). What is behind
// a Gateway Load Balancer endpoint is assumed to let it pass.
//
// At a load balancer the path ends, and what that makes of it are [Leg]s: to each target that
// the listener can lead to, from the load balancer's address or, where a network one keeps it, the
// client's, and each health check (docs/decisions/0022).
//
// # What is refused
//
// [Definition.At] refuses an ENI about which the definition does not hold all that decides:
// its VPC, subnet, network ACL, security groups, and the prefix lists that these use. A
// reference to a security group is different: one that is not there, or has no ENI in the
// VPC, matches nothing, as AWS's stale rules do. [Interface.Unresolved] names these. On a
// [Path] over VPC peering the ENIs of the peer's VPC match, over a transit gateway those of the
// sender's where referencing is enabled, and none through appliances or a gateway that changes
// addresses. A network load balancer's group matches its clients where it keeps their addresses.
//
// # Connections
//
// Groups keep state: a reply passes whatever the rules say (EC2 user guide, "Security group
// connection tracking"). What AWS does not say, and what is done here:
//
//   - Only packets that are accepted begin or refresh a connection. One that the network ACL
//     refuses leaves no trace.
//   - A packet without a connection is judged by the rules, whatever its TCP flags. AWS also
//     writes REJECT for packets that come after their connection was closed; whether they are
//     refused where a rule would allow them is not known.
//   - A TCP connection is established when packets of both directions were accepted, and
//     closing after a RST, or a FIN of both. Where no flags are given it never closes.
//   - Timers of TCP connections that are not established: [Timeouts.TCPOther].
//   - UDP is a stream with the second reply that follows a packet of the opener.
//   - ICMP and ICMPv6: echo, timestamp, information and address mask requests are tracked, by
//     addresses, identifier and type, as Linux does it. Replies to nothing and other types
//     open no connection. Errors that quote a packet of a known connection pass with it; they
//     do not refresh it.
//   - A flow that is allowed by several rules is untracked if one of them would make it so.
//     Its two directions can't be told apart without state, so that a packet belongs to an
//     untracked flow if it, or its reply, would open one.
//   - Paths that AWS always tracks (NAT gateways, load balancers, Lambda...) are not known
//     here. The difference shows only when a rule is removed: [Connections.Use].
package policy
