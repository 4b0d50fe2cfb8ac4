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
// nobody knows anything. Events that tell the moment would be further sightings.
package versions
