package hygiene

import (
	"math"
	"math/bits"
	"net/netip"
	"slices"
)

// cover holds, for some networks, the fewest addresses that so many prefixes can have which
// hold all of them.
//
// Prefixes that hold the same networks and no more of the tree are those of its nodes; the best
// so many of a node are its own prefix, or the best ones of both sides.
type cover struct {
	most  int
	nodes []coverNode
}

// coverNode is a node of the tree, with both sides behind it.
type coverNode struct {
	prefix      netip.Prefix
	left, right int // -1: it is one of the networks
	// size[k] is the addresses of the best k+1 prefixes or fewer, and take[k] how many of them
	// the left side has; 0: the node's own prefix is the best.
	size []float64
	take []int
}

// newCover finds the covers of networks of one family by up to so many prefixes. There must be
// one at least.
func newCover(networks []netip.Prefix, most int) *cover {
	networks = slices.Clone(networks)
	slices.SortFunc(networks, func(a, b netip.Prefix) int {
		if d := a.Addr().Compare(b.Addr()); d != 0 {
			return d
		}
		return a.Bits() - b.Bits()
	})
	apart := networks[:1]
	for _, p := range networks[1:] {
		if !apart[len(apart)-1].Contains(p.Addr()) {
			apart = append(apart, p)
		}
	}
	c := &cover{most: most}
	c.build(apart)
	return c
}

// build makes the node of networks that are in order and apart, and returns its place.
func (c *cover) build(networks []netip.Prefix) int {
	n := coverNode{prefix: networks[0], left: -1, right: -1}
	if len(networks) > 1 {
		n.prefix = common(networks[0], networks[len(networks)-1])
		at := 1
		for at < len(networks) && bitAt(networks[at].Addr(), n.prefix.Bits()) == 0 {
			at++
		}
		n.left, n.right = c.build(networks[:at]), c.build(networks[at:])
	}
	n.size, n.take = make([]float64, c.most), make([]int, c.most)
	for k := range c.most {
		n.size[k] = addressesIn(n.prefix)
		for l := 1; l <= k && n.left >= 0; l++ {
			if size := c.nodes[n.left].size[l-1] + c.nodes[n.right].size[k-l]; size < n.size[k] {
				n.size[k], n.take[k] = size, l
			}
		}
	}
	c.nodes = append(c.nodes, n)
	return len(c.nodes) - 1
}

// size returns how many addresses the best prefixes have, of which there are so many at most.
func (c *cover) size(k int) float64 { return c.nodes[len(c.nodes)-1].size[k-1] }

// prefixes returns the best prefixes, so many at most, in order.
func (c *cover) prefixes(k int) []netip.Prefix { return c.of(len(c.nodes)-1, k) }

func (c *cover) of(node, k int) []netip.Prefix {
	n := &c.nodes[node]
	l := n.take[k-1]
	if l == 0 {
		return []netip.Prefix{n.prefix}
	}
	return append(c.of(n.left, l), c.of(n.right, k-l)...)
}

// common returns the smallest prefix that holds two.
func common(a, b netip.Prefix) netip.Prefix {
	x, y := a.Addr().AsSlice(), b.Addr().AsSlice()
	same := 0
	for i := range x {
		if d := x[i] ^ y[i]; d != 0 {
			same += bits.LeadingZeros8(d)
			break
		}
		same += 8
	}
	return netip.PrefixFrom(a.Addr(), min(same, a.Bits(), b.Bits())).Masked()
}

// bitAt returns a bit of an address, the most significant first.
func bitAt(a netip.Addr, n int) byte { return a.AsSlice()[n/8] >> (7 - n%8) & 1 }

// addressesIn returns how many addresses a prefix has.
func addressesIn(p netip.Prefix) float64 { return math.Exp2(float64(p.Addr().BitLen() - p.Bits())) }
