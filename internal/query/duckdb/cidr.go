package duckdb

import (
	"net/netip"
	"strconv"
	"strings"
)

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
