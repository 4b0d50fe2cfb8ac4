// Package diagnose tells from flow log records what became of connections, and which control
// can have refused them.
//
// What comes in: what the records of one interface say of the requests and the replies of some
// connections ([Evidence]), and what is known besides ([Known]). What goes out: a [Finding]
// with the controls that can have refused, in words for people. It reads nothing.
//
// # From pairs alone
//
// Security groups remember connections, network ACLs do not. So (VPC user guide, "Accepted and
// rejected traffic" and "Security group and network ACL rules" of the record examples):
//
//   - A request that is refused was refused by a network ACL or a security group.
//   - Where the request is accepted and the reply refused, a network ACL refused it, whichever
//     way the reply goes.
//
// Guards, since not all records that look so are: reject-reason BPA and EC name another
// control; a TCP record that neither opens a connection nor answers one is of packets after
// its end, or after the group forgot it; within a subnet no network ACL is asked; a flow log that
// shows accepted traffic only does not show refused replies, and one that shows refused traffic
// only does not show whose reply it is.
//
// A reply that is not there was never refused by these controls where both actions are logged:
// routes, firewalls and hosts do not show in flow logs.
package diagnose
