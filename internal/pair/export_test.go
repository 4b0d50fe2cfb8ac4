package pair

// InterfaceBefore reports whether an interface, or a regional NAT gateway's resource,
// goes before another of the same rank.
func InterfaceBefore(a, b string, aResource, bResource bool) bool {
	of := func(name string, resource bool) digest {
		d := digestOf(name)
		d.y &^= 1
		if resource {
			d.y |= 1
		}
		return d
	}
	x, y := of(a, aResource), of(b, bResource)
	return x.x < y.x || x.x == y.x && x.y < y.y
}
