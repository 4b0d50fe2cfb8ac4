package duckdb

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	duck "github.com/duckdb/duckdb-go/v2"

	"weir/internal/query"
)

// TestFunctions compares the functions with those of package query, over chunks of
// texts: NULL, repeated, no addresses, with CIDRs and bits as constants and as columns.
func TestFunctions(t *testing.T) {
	connector, err := duck.NewConnector("", nil)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { db.Close() })
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := Register(conn); err != nil {
		t.Fatal(err)
	}
	addrs := []string{
		"10.0.0.1", "10.0.255.1", "172.16.3.4", "203.0.113.9", "8.8.8.8", "192.0.0.9", "::1", "2001:db8::77",
		"::ffff:10.0.0.1", "2600:1f18::1", "240.0.0.1", "fe80::1%eth0", "-", "", "10.0.0.01", "no address at all, but a long text",
	}
	cidrs := []string{"10.0.0.0/16", "0.0.0.0/0", "2001:db8::/32", "::ffff:10.0.0.0/112"}
	rng := rand.New(rand.NewPCG(1, 1))
	var rows []string
	addr := "NULL"
	for range 5000 {
		if rng.IntN(3) > 0 {
			if addr = "NULL"; rng.IntN(20) > 0 {
				addr = quote(addrs[rng.IntN(len(addrs))])
			}
		}
		cidr := "NULL"
		if rng.IntN(20) > 0 {
			cidr = quote(cidrs[rng.IntN(len(cidrs))])
		}
		rows = append(rows, fmt.Sprintf("(%s, %s, %d)", addr, cidr, rng.IntN(136)-4))
	}
	if _, err := conn.ExecContext(t.Context(), "CREATE TABLE t AS SELECT * FROM (VALUES "+strings.Join(rows, ", ")+") v(addr, cidr, bits)"); err != nil {
		t.Fatal(err)
	}
	// The last condition leaves out rows, so that what comes is no whole chunk.
	for _, where := range []string{"true", "bits % 3 = 0", "addr IS NOT NULL AND addr <> '-'"} {
		got, err := conn.QueryContext(t.Context(), `SELECT addr, cidr, bits, ip_in(addr, cidr), ip_in(addr, '10.0.0.0/8'), ip_in('10.0.0.1', cidr),
			ip_class(addr), ip_prefix(addr, bits), ip_prefix(addr, 16), ip_in('10.0.0.9', '10.0.0.0/8') FROM t WHERE `+where)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { got.Close() })
		n := 0
		for ; got.Next(); n++ {
			var addr, cidr, class, prefix, prefix16 sql.NullString
			var bits int
			var in, inTen, ten sql.NullBool
			var nine bool
			if err := got.Scan(&addr, &cidr, &bits, &in, &inTen, &ten, &class, &prefix, &prefix16, &nine); err != nil {
				t.Fatal(err)
			}
			row := fmt.Sprint(addr, cidr, bits)
			same(t, row+" ip_in", in, isIn(t, addr, cidr))
			same(t, row+" ip_in 10.0.0.0/8", inTen, isIn(t, addr, sql.NullString{String: "10.0.0.0/8", Valid: true}))
			same(t, row+" 10.0.0.1 in", ten, isIn(t, sql.NullString{String: "10.0.0.1", Valid: true}, cidr))
			same(t, row+" ip_class", class, textOf(addr, query.IPClassOf))
			same(t, row+" ip_prefix", prefix, textOf(addr, func(s string) (string, bool) { return query.IPPrefixOf(s, bits) }))
			same(t, row+" ip_prefix 16", prefix16, textOf(addr, func(s string) (string, bool) { return query.IPPrefixOf(s, 16) }))
			if !nine {
				t.Error("10.0.0.9 is not in 10.0.0.0/8")
			}
		}
		if err := got.Err(); err != nil || n == 0 {
			t.Fatalf("%d rows: %v", n, err)
		}
	}
	_, err = conn.ExecContext(t.Context(), "SELECT ip_in(addr, '10.0.0.0/99') FROM t")
	if err == nil || !strings.Contains(err.Error(), `"10.0.0.0/99" is no CIDR`) {
		t.Errorf("a wrong CIDR: %v", err)
	}
}

func same[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func isIn(t *testing.T, addr, cidr sql.NullString) sql.NullBool {
	t.Helper()
	if !addr.Valid || !cidr.Valid {
		return sql.NullBool{}
	}
	network, err := query.ParseCIDR(cidr.String)
	if err != nil {
		t.Fatal(err)
	}
	in, ok := query.IPInCIDR(addr.String, network)
	return sql.NullBool{Bool: in && ok, Valid: ok}
}

func textOf(addr sql.NullString, f func(string) (string, bool)) sql.NullString {
	if !addr.Valid {
		return sql.NullString{}
	}
	s, ok := f(addr.String)
	return sql.NullString{String: s, Valid: ok}
}
