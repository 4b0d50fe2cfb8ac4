package compile

import (
	"strconv"
	"strings"

	"weir/internal/insights/value"
)

// addressRange returns a condition of an address column that is true for every address in an IPv4 network,
// and that DuckDB can hold against statistics: the texts of a network's addresses begin alike, and "/"
// follows ".". whole says that it is true for no other address. It is "" where nothing is gained.
func addressRange(column, cidr string) (condition string, whole bool) {
	p, ok := value.ParseCIDR(cidr)
	if !ok || !p.Addr().Is4() || p.Bits() < 8 {
		return "", false
	}
	octets := p.Addr().As4()
	var parts []string
	for i := range p.Bits() / 8 {
		parts = append(parts, strconv.Itoa(int(octets[i])))
	}
	head := strings.Join(parts, ".")
	if p.Bits() == 32 {
		return "(" + column + " = " + Quote(head) + ")", true
	}
	return "(" + column + " >= " + Quote(head+".") + " AND " + column + " < " + Quote(head+"/") + ")", p.Bits()%8 == 0
}
