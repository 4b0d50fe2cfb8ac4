// Package countries reads lists of which addresses are in which country, and says in which one
// an address is.
//
// What comes in: lists as ip-location-db publishes its sets of countries, and iptoasn.com its
// own, for a user who has one; weir has none with it. What goes out: countries, as two letters,
// and a form of a list that is read fast. Package app calls it.
package countries
