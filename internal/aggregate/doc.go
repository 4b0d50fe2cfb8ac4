// Package aggregate makes records of flow logs of what passed network interfaces: packets and bytes are added up for each flow in windows of an
// aggregation interval.
//
// What comes in are flows ([Flow]) with their counts ([Counts]), as a capture tells them, in any order. What goes out are windows ([Window]) with one
// record for each flow, and NODATA for interfaces that had none. What a record has beside flow and counts is of the interface ([Interface]).
package aggregate
