package function

import (
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
	"weir/internal/memo"
)

const ipNative = "trino_ip"

// CastToIP returns the SQL of a text as an ipaddress. A text that is none ends the query with INVALID_CAST_ARGUMENT.
//
// Of a column it is the cast that gives NULL, which DuckDB calls once for each value of a dictionary, and an error where that is NULL.
func CastToIP(sql string) string {
	if len(sql) > mostTwice || volatileSQL(sql) {
		return ipNative + "(" + sql + ")"
	}
	return "coalesce(" + TryCastToIP(sql) + ", " + noAddress(sql) + ")"
}

// mostTwice is how long the SQL of a text may be that stands more than once.
const mostTwice = 100

// noAddress is the error of a text that is no address.
func noAddress(sql string) string {
	fail := FailExpr(athenasql.CodeInvalidCast, noAddressText+" || "+sql)
	return "CASE WHEN " + sql + " IS NOT NULL" + fails + strings.TrimPrefix(fail, failsPrefix) + " END"
}

const noAddressText = "'Cannot cast value to IPADDRESS: '"

var (
	failsPrefix, _, _ = strings.Cut(FailExpr(athenasql.CodeInvalidCast, noAddressText+" || x"), " || x")
	// fails is where [noAddress] ends a query. No text of a user can have it, as its quotes are single.
	fails = " THEN " + failsPrefix
)

// OnlyWhere makes the casts to ipaddress in SQL fail only where a condition, SQL too, is true, and NULL elsewhere; false where there is none that it can do that to.
func OnlyWhere(sql, condition string) (string, bool) {
	out := strings.ReplaceAll(sql, " IS NOT NULL"+fails, " IS NOT NULL AND "+condition+fails)
	return out, out != sql && !strings.Contains(sql, ipNative+"(")
}

// castIP returns the text that the SQL of [CastToIP] is of, where that is short.
func castIP(sql string) (text string, ok bool) {
	text, ok = strings.CutPrefix(sql, "coalesce("+tryNative+"(")
	if !ok {
		return "", false
	}
	for i := range text {
		if text[i] == ')' && CastToIP(text[:i]) == sql {
			return text[:i], true
		}
	}
	return "", false
}

const tryNative = "trino_try_ip"

// TryCastToIP is [CastToIP] with NULL for a text that is no address.
func TryCastToIP(sql string) string { return tryNative + "(" + sql + ")" }

// AnyNetwork is the function of the engine that says whether an address is in one of the networks of a constant text, which has commas between them: NULL
// for what is no address. It fails for no value.
const AnyNetwork = "trino_ip_in_any"

// InNetworks returns the SQL of contains(network, address) OR ... for several constant networks and one address; false where the address is none that a
// text was cast to.
func InNetworks(address string, networks []string) (string, bool) {
	of, ok := castIP(address)
	if !ok {
		return "", false
	}
	list := make([]string, len(networks))
	for i, n := range networks {
		p, err := parseNetwork(n)
		if err != nil {
			return "", false
		}
		list[i] = p.String()
	}
	return "coalesce(" + AnyNetwork + "(" + of + ", " + quote(strings.Join(list, ",")) + "), " + noAddress(of) + ")", true
}

// IPToText returns the SQL of an ipaddress as a text.
func IPToText(sql string) string { return "trino_ip_text(" + sql + ")" }

// IPToBinary and BinaryToIP return the SQL of casts to and from varbinary, which has 4 or 16 bytes.
func IPToBinary(sql string) string { return "unhex(" + sql + ")" }

// BinaryToIP is the cast from varbinary.
func BinaryToIP(sql string) string { return "trino_ip_of_bytes(" + sql + ")" }

// CastToPrefix returns the SQL of a text such as '10.0.0.0/8' as an ipprefix.
func CastToPrefix(sql string) string { return "trino_prefix(" + sql + ")" }

// PrefixToText returns the SQL of an ipprefix as a text.
func PrefixToText(sql string) string { return "trino_prefix_text(" + sql + ")" }

// PrefixOfIP returns the SQL of an ipaddress as the ipprefix of it alone.
func PrefixOfIP(sql string) string { return "trino_ip_alone(" + sql + ")" }

// PrefixToIP returns the SQL of an ipprefix as its first address.
func PrefixToIP(sql string) string { return "left(" + sql + ", 32)" }

var ipFuncs = []Func{
	{Name: "contains", Page: "ipaddress", Forms: []Form{{Signature: "(varchar, ipaddress) -> boolean", Make: inNetwork}}},
	{Name: "ip_prefix", Page: "ipaddress", Forms: []Form{
		{Signature: "(ipaddress, bigint) -> ipprefix", SQL: "trino_ip_prefix($1, $2)"},
		{Signature: "(varchar, bigint) -> ipprefix", SQL: "trino_ip_prefix(" + CastToIP("$1") + ", $2)"},
	}},
	{Name: "ip_subnet_min", Page: "ipaddress", Forms: []Form{{Signature: "(ipprefix) -> ipaddress", SQL: "left($1, 32)"}}},
	{Name: "ip_subnet_max", Page: "ipaddress", Forms: []Form{{Signature: "(ipprefix) -> ipaddress", SQL: "trino_ip_last($1)"}}},
	{Name: "ip_subnet_range", Page: "ipaddress", Forms: []Form{{Signature: "(ipprefix) -> array(ipaddress)", SQL: "CASE WHEN $1 IS NOT NULL THEN [left($1, 32), trino_ip_last($1)] END"}}},
	{Name: "is_subnet_of", Page: "ipaddress", Forms: []Form{
		{Signature: "(ipprefix, ipaddress) -> boolean", SQL: "trino_ip_within($1, $2)"},
		{Signature: "(ipprefix, ipprefix) -> boolean", SQL: "trino_ip_within($1, $2)"},
	}},
}

// inNetwork is contains(network, address). Of a constant network and a text's cast it is the function ip_in that the engine has for columns of
// addresses, which gives NULL for what is no address.
func inNetwork(c *Call) (string, error) {
	text := c.Args[0].Text
	if text == nil {
		return fill("trino_ip_contains($1, $2)", c)
	}
	network, err := parseNetwork(*text)
	if err != nil {
		return "", invalid(c.Args[0].At, "%s", message(err))
	}
	of, ok := castIP(c.Args[1].SQL)
	if !ok {
		return fill("trino_ip_contains($1, $2)", c)
	}
	return "coalesce(ip_in(" + of + ", " + quote(network.String()) + "), " + noAddress(of) + ")", nil
}

// closed reports whether the parenthesis that stood before a text is closed by its last character.
func closed(sql string) bool {
	depth, quoted := 1, byte(0)
	for i := range len(sql) {
		switch c := sql[i]; {
		case quoted != 0:
			if c == quoted {
				quoted = 0
			}
		case c == '\'' || c == '"':
			quoted = c
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth == 0 {
				return i == len(sql)-1
			}
		}
	}
	return false
}

// parseNetwork reads a network of contains. Bits beyond the prefix may be set.
func parseNetwork(text string) (netip.Prefix, error) {
	addr, bits, ok := strings.Cut(text, "/")
	if !ok || strings.Contains(bits, "/") {
		return netip.Prefix{}, failed("Invalid CIDR")
	}
	n, err := strconv.Atoi(bits)
	if err != nil {
		return netip.Prefix{}, failed("Invalid CIDR")
	}
	a, ok := parseIP(addr)
	if !ok {
		return netip.Prefix{}, failed("Invalid network IP address")
	}
	p, err := a.Prefix(n)
	if err != nil {
		return netip.Prefix{}, failed("Invalid prefix length")
	}
	return p, nil
}

// parseIP reads an address; one of IPv4 in IPv6's form is IPv4's, as Java has it.
func parseIP(s string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(s)
	return a.Unmap(), err == nil && a.Zone() == ""
}

func digits(a netip.Addr) string {
	b := a.As16()
	return hex.EncodeToString(b[:])
}

func addressOf(digits string) netip.Addr {
	b, err := hex.DecodeString(digits)
	if err != nil {
		return netip.Addr{}
	}
	a, _ := netip.AddrFromSlice(b)
	return a.Unmap()
}

// prefixDigits are the digits of a network's first address, and its length.
func prefixDigits(p netip.Prefix) string {
	return digits(p.Masked().Addr()) + hex.EncodeToString([]byte{byte(p.Bits())})
}

func prefixOf(digits string) netip.Prefix {
	if len(digits) < 34 {
		return netip.Prefix{}
	}
	n, err := strconv.ParseInt(digits[32:], 16, 16)
	if err != nil {
		return netip.Prefix{}
	}
	return netip.PrefixFrom(addressOf(digits[:32]), int(n))
}

var ipNatives = []Native{
	textNative(ipNative, "VARCHAR", 1, func(s []string) (any, error) {
		a, ok := parseIP(s[0])
		if !ok {
			return nil, athenasql.Errorf(athenasql.CodeInvalidCast, athenasql.Span{}, "Cannot cast value to IPADDRESS: %s", s[0])
		}
		return digits(a), nil
	}),
	{Name: tryNative, Total: true, Args: []string{"VARCHAR"}, Result: "VARCHAR", Do: func(args []any) (any, error) {
		if a, ok := parseIP(args[0].(string)); ok {
			return digits(a), nil
		}
		return nil, nil
	}},
	textNative("trino_ip_text", "VARCHAR", 1, func(s []string) (any, error) { return types.Address(s[0]), nil }),
	{Name: "trino_ip_of_bytes", Args: []string{"BLOB"}, Result: "VARCHAR", Do: func(a []any) (any, error) {
		addr, ok := netip.AddrFromSlice(a[0].([]byte))
		if !ok {
			return nil, athenasql.Errorf(athenasql.CodeInvalidCast, athenasql.Span{}, "Invalid InetAddress length: %d", len(a[0].([]byte)))
		}
		return digits(addr), nil
	}},
	{Name: "trino_ip_prefix", Args: []string{"VARCHAR", "BIGINT"}, Result: "VARCHAR", Do: func(a []any) (any, error) {
		addr, n := addressOf(a[0].(string)), a[1].(int64)
		if most := int64(addr.BitLen()); n < 0 || n > most {
			return nil, failed("IPv%d subnet size must be in range [0, %d]", map[bool]int{true: 4, false: 6}[addr.Is4()], most)
		}
		return prefixDigits(netip.PrefixFrom(addr, int(n))), nil
	}},
	textNative("trino_ip_alone", "VARCHAR", 1, func(s []string) (any, error) {
		addr := addressOf(s[0])
		return prefixDigits(netip.PrefixFrom(addr, addr.BitLen())), nil
	}),
	textNative("trino_prefix", "VARCHAR", 1, func(s []string) (any, error) {
		bad := athenasql.Errorf(athenasql.CodeInvalidCast, athenasql.Span{}, "Cannot cast value to IPPREFIX: %s", s[0])
		addr, bits, ok := strings.Cut(s[0], "/")
		a, isAddr := parseIP(addr)
		n, err := strconv.Atoi(bits)
		if !ok || !isAddr || err != nil || n < 0 || n > a.BitLen() {
			return nil, bad
		}
		return prefixDigits(netip.PrefixFrom(a, n)), nil
	}),
	textNative("trino_prefix_text", "VARCHAR", 1, func(s []string) (any, error) { return types.Prefix(s[0]), nil }),
	textNative("trino_ip_last", "VARCHAR", 1, func(s []string) (any, error) {
		p := prefixOf(s[0])
		if !p.IsValid() {
			return nil, nil
		}
		b := p.Addr().As16()
		for i := p.Bits() + 128 - p.Addr().BitLen(); i < 128; i++ {
			b[i/8] |= 0x80 >> (i % 8)
		}
		return hex.EncodeToString(b[:]), nil
	}),
	textNative("trino_ip_within", "BOOLEAN", 2, func(s []string) (any, error) {
		p := prefixOf(s[0])
		if len(s[1]) == 32 {
			return p.Contains(addressOf(s[1])), nil
		}
		q := prefixOf(s[1])
		return q.Bits() >= p.Bits() && p.Contains(q.Addr()), nil
	}),
	textNative("trino_ip_contains", "BOOLEAN", 2, func(s []string) (any, error) {
		p, err := networks.Get(s[0])
		if err != nil {
			return nil, err
		}
		return p.Contains(addressOf(s[1])), nil
	}),
}

var networks = memo.Cache[netip.Prefix]{Make: parseNetwork}
