// Package detection has the detections that are ready: what finds brute force, scans, losses and the like in the records of flow logs, and is one command away.
//
// What comes in is which detection, for which log group, with which numbers, and who is told ([Request]). What goes out is a [Plan]: the rules of
// Contributor Insights, the alarms, the topic and its subscriptions that make it, as operations of AWS's APIs with their JSON ([Plan.Calls]). So what a
// detection is made of can be seen and changed by any client of AWS. Package app carries plans out, and finds what is there by its tags.
//
// A detection is an entry of the table in table.go.
package detection
