package countries

import (
	"math"
	"net/netip"
	"slices"
	"sort"
)

// Table says which addresses of one family are in which country. It is not changed; it is safe
// to use it concurrently.
type Table struct {
	family Family
	ranges int // that were read

	// Each span goes from its start to before the next one's. Those of IPv6 are ordered by
	// high and low halves.
	starts4 []uint32
	starts6 [][2]uint64
	codes   []uint16 // of countries; 0: none is known

	places []uint32 // of IPv4: the first span that begins in, or behind, each network of 16 bits
}

// Family is a family of addresses.
type Family uint8

// The families.
const (
	IPv4 Family = 4
	IPv6 Family = 6
)

// String returns IPv4 or IPv6.
func (f Family) String() string {
	if f == IPv4 {
		return "IPv4"
	}
	return "IPv6"
}

// Family returns the family whose addresses the table has.
func (t *Table) Family() Family { return t.family }

// Ranges returns how many ranges were read, of which some may be of no country.
func (t *Table) Ranges() int { return t.ranges }

// Countries returns the codes of the countries that there are, in order.
func (t *Table) Countries() []string {
	codes := slices.Clone(t.codes)
	slices.Sort(codes)
	var out []string
	for _, c := range slices.Compact(codes) {
		if c != 0 {
			out = append(out, texts[c])
		}
	}
	return out
}

// Of returns the country that an address is in, as the two letters that the list has; "" where
// it has none, or the address is of the other family.
func (t *Table) Of(a netip.Addr) string {
	if a = a.Unmap(); a.Is4() != (t.family == IPv4) || !a.IsValid() {
		return ""
	}
	var i int // behind the span
	if t.family == IPv4 {
		b := a.As4()
		n := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
		from, to := int(t.places[n>>16]), int(t.places[n>>16+1])
		i = from + sort.Search(to-from, func(i int) bool { return t.starts4[from+i] > n })
	} else {
		n := halves(a)
		i = sort.Search(len(t.starts6), func(i int) bool { return n[0] < t.starts6[i][0] || n[0] == t.starts6[i][0] && n[1] < t.starts6[i][1] })
	}
	if i == 0 {
		return ""
	}
	return texts[t.codes[i-1]]
}

// index fills the places.
func (t *Table) index() {
	if t.family != IPv4 {
		return
	}
	t.places = make([]uint32, 1<<16+1)
	i := 0
	for n := range t.places {
		for i < len(t.starts4) && uint64(t.starts4[i]) < uint64(n)<<16 {
			i++
		}
		t.places[n] = uint32(i)
	}
}

// halves returns an address as numbers.
func halves(a netip.Addr) [2]uint64 {
	b := a.As16()
	var n [2]uint64
	for i, x := range b {
		n[i/8] = n[i/8]<<8 | uint64(x)
	}
	return n
}

// letters are how many letters a code can be of.
const letters = 'Z' - 'A' + 1

// codeOf returns the number of a country; 0: its code is not two capital letters.
func codeOf(text string) uint16 {
	if len(text) != 2 || text[0] < 'A' || text[0] > 'Z' || text[1] < 'A' || text[1] > 'Z' {
		return 0
	}
	return uint16(text[0]-'A')*letters + uint16(text[1]-'A') + 1
}

// texts are the codes by their numbers.
var texts = func() (out [letters*letters + 1]string) {
	for i := range out[1:] {
		out[i+1] = string([]byte{byte('A' + i/letters), byte('A' + i%letters)})
	}
	return out
}()

// next returns the number behind another; false: there is none in the family.
func (f Family) next(n [2]uint64) ([2]uint64, bool) {
	if f == IPv4 {
		return [2]uint64{0, n[1] + 1}, n[1] < math.MaxUint32
	}
	n[1]++
	if n[1] == 0 {
		n[0]++
	}
	return n, n != [2]uint64{}
}
