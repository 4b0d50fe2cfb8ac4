package netmodel

import "net/netip"

// PrefixList is a prefix list, a customer's or AWS's.
type PrefixList struct {
	ID, Name string
	// Account is the owner's; AWS's own lists have AWS.
	Account, Region string
	// Family is IPv4 or IPv6, and MaxEntries what a rule with the list counts for.
	Family     string
	MaxEntries int
	Version    int
	State      string
	CIDRs      []netip.Prefix
	// EntriesUnknown says that the list was described, and its entries were not.
	EntriesUnknown bool
}
