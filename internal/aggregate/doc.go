// Package aggregate makes records of flow logs of what passed network interfaces: packets and bytes are added up for each flow in windows of an
// aggregation interval.
//
// What comes in are flows ([Flow]) with their counts ([Counts]), as a capture tells them, in any order. What goes out are windows ([Window]) with one
// record for each flow, and NODATA for interfaces that had none. What a record has beside flow and counts is of the interface ([Interface]), or of transit gateway
// attachments ([Attachment]), of which [Pairs] tells by which one packets came in and by which they left.
package aggregate
