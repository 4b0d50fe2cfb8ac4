package duckdb

import (
	"net/netip"
	"strconv"
	"strings"
	"sync"

	"weir/internal/query"
)

// cidrCache keeps parsed networks: a query has few, and asks for one with each
// address.
type cidrCache struct{ parsed sync.Map }

// cidrCacheSize bounds the cache; networks can come from a column too.
const cidrCacheSize = 1024

// parse returns the network that a text is.
func (c *cidrCache) parse(s string) (netip.Prefix, error) {
	if p, ok := c.parsed.Load(s); ok {
		return p.(netip.Prefix), nil
	}
	p, err := query.ParseCIDR(s)
	if err != nil {
		return p, err
	}
	n := 0
	c.parsed.Range(func(any, any) bool { n++; return n < cidrCacheSize })
	if n < cidrCacheSize {
		c.parsed.Store(s, p)
	}
	return p, nil
}

// addressRange returns a condition, true for every address in an IPv4 network,
// that DuckDB can hold against a file's and a row group's statistics: the texts of
// a network's addresses begin alike. It returns "" where nothing is gained.
//
// Canonical texts are ordered byte by byte, and "/" follows ".", so that all that
// begins with "10.2." lies from "10.2." to before "10.2/". An IPv4 address within
// IPv6 ("::ffff:10.2.0.1") counts as IPv4, so its texts are let through.
func addressRange(column string, cidr netip.Prefix) string {
	if !cidr.Addr().Is4() || cidr.Bits() < 8 {
		return ""
	}
	octets := cidr.Addr().As4()
	var prefix strings.Builder
	for i := range cidr.Bits() / 8 {
		if i > 0 {
			prefix.WriteByte('.')
		}
		prefix.WriteString(strconv.Itoa(int(octets[i])))
	}
	p := prefix.String()
	within := column + " >= " + quote(p+".") + " AND " + column + " < " + quote(p+"/")
	if cidr.Bits() == 32 {
		within = column + " = " + quote(p)
	}
	return "((" + within + ") OR (" + column + " >= '::ffff:' AND " + column + " < '::ffff;'))"
}
