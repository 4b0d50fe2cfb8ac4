package lookup

import (
	"net/netip"
	"slices"

	"weir/internal/insights/value"
)

// Networks finds the row whose network holds an address: the longest one, and of equal networks the first.
type Networks struct {
	rows    map[netip.Prefix]int
	lengths []int // the lengths that occur, the longest first
}

// Networks makes an index of a column, which the table must have. A cell is a network in CIDR form, whose bits behind its
// length are masked, or an address, which is a network of its own; what is neither holds no address.
func (t *Table) Networks(column string) *Networks {
	n := &Networks{rows: map[netip.Prefix]int{}}
	for i := range t.rows {
		p, ok := network(t.Cell(i, column))
		if !ok {
			continue
		}
		if _, twice := n.rows[p]; twice {
			continue
		}
		n.rows[p] = i
		if !slices.Contains(n.lengths, p.Bits()) {
			n.lengths = append(n.lengths, p.Bits())
		}
	}
	slices.Sort(n.lengths)
	slices.Reverse(n.lengths)
	return n
}

// NetworkColumn returns the first column in which every cell is a network or an address; false where there is none.
func (t *Table) NetworkColumn() (string, bool) {
	for _, c := range t.columns {
		all := len(t.rows) > 0
		for i := range t.rows {
			if _, ok := network(t.Cell(i, c)); !ok {
				all = false
				break
			}
		}
		if all {
			return c, true
		}
	}
	return "", false
}

// network reads a network, or an address as one.
func network(s string) (netip.Prefix, bool) {
	if p, ok := value.ParseCIDR(s); ok {
		return p, true
	}
	a, ok := value.ParseAddr(s)
	if !ok {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(a, a.BitLen()), true
}

// Find returns the row of the longest network that holds an address of the same family; false where none does, and
// where the text is no address.
func (n *Networks) Find(address string) (row int, ok bool) {
	a, ok := value.ParseAddr(address)
	if !ok {
		return 0, false
	}
	for _, bits := range n.lengths {
		p, err := a.Prefix(bits)
		if err != nil {
			continue // longer than addresses of this family
		}
		if row, ok := n.rows[p]; ok {
			return row, true
		}
	}
	return 0, false
}
