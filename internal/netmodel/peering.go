package netmodel

import "net/netip"

// PeeringConnection is a VPC peering connection.
type PeeringConnection struct {
	ID, Name string
	// Status is active, pending-acceptance, deleted..., and Message says more.
	Status, Message     string
	Requester, Accepter PeeringSide
}

// PeeringSide is a VPC of a peering connection, in any account and region.
type PeeringSide struct {
	VPC, Account, Region string
	// CIDRs are those that AWS tells the one who asks, none of a VPC of another account before
	// it accepts.
	CIDRs []netip.Prefix
	// ResolvesDNS says that the other side's queries of its DNS names get private addresses.
	ResolvesDNS bool
}
