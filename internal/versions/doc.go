// Package versions keeps the definitions of networks as they were at the times of their
// imports, and says what was in force at a time.
//
// What comes in: documents (package netmodel) and the time that they are of. They are kept as
// they were given, so that a later weir reads more out of them, in DATA/network. What goes
// out: definitions. Package app calls it.
//
// A version belongs to one account and region ([netmodel.Place]). An import makes one for each
// place that it holds, and replaces what was there of these whole; other places stay. Where it
// holds just what the version before does, that one is seen again: nothing changed as far as
// imports tell. Ids of versions are never used again.
//
// [Store.At] puts together the newest version of each place, and says for each how much is
// known: between two imports that differ nobody knows when it changed, and before the first
// nobody knows anything.
//
// [Store.Interfaces] says what all versions say of ENIs, for the names in queries. What each
// says is kept beside it (kept.go).
//
// Events of CloudTrail (package cloudtrail, [Store.AddChanges]) tell more of the time between
// two imports. A thing is known at a time where the events that are kept lead from what the
// import before found to what the next one did, each to a thing that it can have happened to:
// a rule that comes was not there, an entry that is replaced was. They may be of one second, whose order
// is tried out, and of the second of an import, which they were before or after. Where they do
// not lead there, or in several ways that differ at that time, nobody knows, and the thing is
// in [InForce.Changed]. After the last import they are followed as far as they go. Never is
// the trail taken for complete; but what was changed, and changed again by an event that does
// not say what was before, or changed back, is not seen where its own event is not kept.
//
// Before the first import, events are undone from what it found, where the files of CloudTrail
// reach from the time in question to there without a day of which they hold nothing
// ([Store.AddDays]): then a thing of which no event is is as it was found. An event that says
// what came says what was before it; one that says only the result does not, unless an earlier
// one does.
//
// Known are the rules of security groups, the entries of network ACLs, with which of them a
// subnet is associated, the routes of route tables, the security groups of an ENI, and when groups and ENIs came and went.
// What else came or went whole, and other members, are not. An event that is not clear, or of a
// call that is not followed, parts what is known of a thing before it from what is after it;
// there nothing shows a lost event, so that the files must reach all the way too.
package versions
