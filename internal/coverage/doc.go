// Package coverage says what flow logs record of a network's definition: which ENIs, transit
// gateway attachments and regional NAT gateways are covered by which flow log, by none, by
// two; what can't be answered for want of fields; why AWS fails to deliver; and the commands
// that mend it.
//
// What comes in: a definition (package netmodel) whose answers say whom they were asked of.
// What goes out: a [Report]. Package app calls it.
//
// What is not seen is not said to be missing. An account can't describe flow logs of a VPC or
// subnet that another shares with it, nor the owner those that participants made for their
// ENIs; where nobody asked describe-flow-logs of an owner, or AWS had more pages than were
// read, what covers is unknown too. Such a resource is [CannotSee], with the reason.
//
// Sources: VPC user guide, "Flow logs basics", "Flow log limitations", "Troubleshoot VPC Flow
// Logs", "Responsibilities and permissions for owners and participants"; Transit Gateway
// guide, "Transit Gateway Flow Logs"; EC2 API reference, CreateFlowLogs and FlowLog.
package coverage
