package hygiene

import (
	"math/rand/v2"
	"net/netip"
	"testing"
)

// BenchmarkCover finds the prefixes of 10,000 peers.
func BenchmarkCover(b *testing.B) {
	c := rand.New(rand.NewPCG(1, 2))
	var networks []netip.Prefix
	for range 10_000 {
		n := c.Uint32()
		networks = append(networks, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), 32))
	}
	for b.Loop() {
		if len(newCover(networks, 10).prefixes(10)) == 0 {
			b.Fatal("no prefix")
		}
	}
}
