// Package cwlogs is the source of flow logs that were delivered to a log group of
// CloudWatch Logs.
//
// A log group has no objects: it has events, which AWS adds minutes after the time
// that they carry, and which one can only ask for by that time. So what comes in is
// a group and a [Tail], a folder of the data directory; a listing asks for the
// events of its time, drops those that the tail has by their eventId, writes the
// rest into the tail as objects that are never written again, and lists the tail's
// objects. The ids stand in these objects, as CloudWatch's subscription documents
// have them: an event is known from the moment when its object is, and an object is
// durable before the lake can take it. So a process that dies between any two steps
// loses nothing and counts nothing twice.
//
// Package app calls it. It asks with FilterLogEvents only.
package cwlogs
