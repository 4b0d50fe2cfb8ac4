package netmodel

// BlockPublicAccess is VPC Block Public Access of an account in a region.
type BlockPublicAccess struct {
	Account, Region string
	// Mode is off, block-bidirectional or block-ingress.
	Mode string
	// State is default-state, update-in-progress or update-complete.
	State string
	// Exclusions is allowed or not-allowed; "" where the input does not say.
	Exclusions string
}

// BlockPublicAccessExclusion excludes a VPC or a subnet from VPC Block Public Access.
type BlockPublicAccessExclusion struct {
	ID, Name        string
	Account, Region string
	// Resource is the id of the VPC or subnet.
	Resource string
	// Mode is allow-bidirectional or allow-egress.
	Mode string
	// State is create-complete, update-complete, disable-complete, delete-complete or one of
	// those on the way there, or failed.
	State string
}
