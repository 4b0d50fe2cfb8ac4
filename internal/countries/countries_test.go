package countries

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// of returns the country of an address by the first table that knows one.
func of(tables []*Table, addr string) string {
	for _, t := range tables {
		if c := t.Of(netip.MustParseAddr(addr)); c != "" {
			return c
		}
	}
	return ""
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       map[string]string
	}{
		{
			"ip-location-db, IPv4", "1.0.0.0,1.0.0.255,AU\n1.0.1.0,1.0.3.255,CN\n1.0.8.0,1.0.8.0,JP\n255.255.255.0,255.255.255.255,ZZ\n",
			map[string]string{
				"0.255.255.255": "", "1.0.0.0": "AU", "1.0.0.255": "AU", "1.0.1.0": "CN", "1.0.3.255": "CN", "1.0.4.0": "", "1.0.7.255": "",
				"1.0.8.0": "JP", "1.0.8.1": "", "255.255.254.255": "", "255.255.255.0": "ZZ", "255.255.255.255": "ZZ",
				"::ffff:1.0.0.1": "AU", "::1.0.0.1": "", "2001::": "",
			},
		},
		{
			"ip-location-db, IPv6", "2001:2::,2001:2::ffff:ffff:ffff:ffff:ffff,JP\n2001:200::,2001:218:2000:51:ffff:ffff:ffff:ffff,AU\nffff::,ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,US",
			map[string]string{
				"2001:1:ffff:ffff:ffff:ffff:ffff:ffff": "", "2001:2::": "JP", "2001:2:0:ffff:ffff:ffff:ffff:ffff": "JP", "2001:2:1::": "",
				"2001:218:2000:51:ffff:ffff:ffff:ffff": "AU", "2001:218:2000:52::": "", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff": "US", "::": "", "1.0.0.1": "",
			},
		},
		{
			"ip2country", "1.0.0.0\t1.0.0.255\tUS\r\n1.0.1.0\t1.0.3.255\tNone\r\n2001:200::\t2001:200::ff\tJP\r\n",
			map[string]string{"1.0.0.1": "US", "1.0.1.0": "", "2001:200::ff": "JP"},
		},
		{
			"ip2asn", "1.0.0.0\t1.0.0.255\t13335\tUS\tCLOUDFLARENET - Cloudflare, Inc.\twith a tab\n1.0.1.0\t1.0.3.255\t0\tNone\tNot routed\n",
			map[string]string{"1.0.0.1": "US", "1.0.1.0": ""},
		},
		{"in quotes, in any order, with a byte order mark", "\ufeff\"2.0.0.0\",\"2.0.0.0\",\"FR\"\n\n1.0.0.0,1.0.0.255,AU\n", map[string]string{"2.0.0.0": "FR", "1.0.0.9": "AU"}},
		{
			"the last line tells", "1.0.0.0,1.0.0.255,DE\n1.0.0.15,1.0.0.15,BE\n1.0.0.240,1.0.1.15,FR\n1.0.0.250,1.0.0.250,DE\n2.0.0.7,2.0.0.7,US\n2.0.0.0,2.0.0.255,DE\n",
			map[string]string{
				"1.0.0.14": "DE", "1.0.0.15": "BE", "1.0.0.16": "DE", "1.0.0.239": "DE", "1.0.0.240": "FR", "1.0.0.250": "DE", "1.0.0.251": "FR",
				"1.0.1.15": "FR", "1.0.1.16": "", "2.0.0.7": "DE",
			},
		},
		{
			"overlaps that agree", "1.0.0.0,1.0.0.255,AU\n1.0.0.16,1.0.0.31,AU\n1.0.0.240,1.0.1.15,AU\n1.0.0.0,1.0.0.255,AU\n1.0.1.16,1.0.1.31,NZ\n",
			map[string]string{"1.0.0.20": "AU", "1.0.0.40": "AU", "1.0.1.15": "AU", "1.0.1.16": "NZ", "1.0.1.32": ""},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tables, err := Parse(strings.NewReader(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for addr := range tt.want {
				got[addr] = of(tables, addr)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":       "no list of countries: it is empty",
		"\n\n\n": "no list of countries: it is empty",
		"1.0.0.0,1.0.0.255,AU\n1.0.1.0,1.0.3.x,CN\n\n1.0.4.0,1.0.7.255,china\n1.0.8.0": `line 2: "1.0.3.x" is no address; line 4: "china" is no country: two capital letters are; line 5: "1.0.8.0" has 1 values, and not start, end and country`,
		"1.0.0.9,1.0.0.0,AU":                                     "line 1: 1.0.0.0 lies before 1.0.0.9",
		"1.0.0.0,2001::,AU":                                      "line 1: 1.0.0.0 and 2001:: are of two families",
		"16777216,16777471,AU":                                   `line 1: "16777216" is an address as a number, which may be of either family: take the list with addresses, whose name has no "num"`,
		"::ffff:1.0.0.0,::ffff:1.0.0.1,AU":                       "line 1: ::ffff:1.0.0.0 is an IPv4 address, and written as one of IPv6",
		"fe80::1%eth0,fe80::2,AU":                                `line 1: "fe80::1%eth0" is no address`,
		"1.0.0.0,1.0.0.255,au":                                   `line 1: "au" is no country`,
		"1.0.0.0,1.0.0.255,":                                     `line 1: "" is no country`,
		"1.0.0.0,1.0.0.255,None":                                 `line 1: "None" is no country`,
		"1.0.0.0\t1.0.0.255\t-":                                  `line 1: "-" is no country`,
		"1.0.0.0,1.0.0.255,13335,CLOUDFLARENET":                  "has 4 values, and not start, end and country",
		strings.Repeat("<p>", 3) + "\n<a>\n<b>\n<c>\n<d>\n<e>\n": "line 5: ",
		strings.Repeat("x\n", 9) + "1.0.0.0,1.0.0.1,AU\n":        `line 5: "x" has 1 values, and not start, end and country`,
		"1.0.0.0,1.0.0.1,AU\n" + strings.Repeat("x\n", 9):        "; and 4 more bad lines",
		"1.0.0.0,1.0.0.1,AU\n" + strings.Repeat("x", mostLine+1): "line 2: it has more than 4096 bytes",
	} {
		if _, err := Parse(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, want %q", text, err, want)
		}
	}
}

// TestProperty compares tables of random ranges, small and at the ends of families, with a look
// through all ranges, before and after they were packed.
func TestProperty(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		var text strings.Builder
		want := map[netip.Addr]string{}
		for _, base := range []string{"0.0.0.0", "1.2.255.200", "255.255.255.0", "::", "2001:db8::ffff:ffff:ffff:ff80", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff00"} {
			at := netip.MustParseAddr(base)
			for at.IsValid() && r.IntN(12) > 0 {
				end, country := at, []string{"DE", "US", "FR", "None"}[r.IntN(4)]
				has := r.IntN(3) > 0
				for n := r.IntN(20); ; n-- {
					switch {
					case !has:
						want[end] += "" // as it was, else none
					case country == "None":
						want[end] = ""
					default:
						want[end] = country
					}
					next := end.Next()
					if n == 0 || !next.IsValid() {
						break
					}
					end = next
				}
				if has {
					fmt.Fprintf(&text, "%s\t%s\t%s\n", at, end, country)
				}
				if at = end.Next(); r.IntN(6) == 0 {
					at = netip.MustParseAddr(base) // over what was said
				}
			}
		}
		if text.Len() == 0 {
			continue
		}
		tables, err := Parse(strings.NewReader(text.String()))
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		var again []*Table
		for _, table := range tables {
			back, err := Unpack(table.Pack())
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if !bytes.Equal(table.Pack(), back.Pack()) || !slices.Equal(table.places, back.places) {
				t.Errorf("seed %d: unpacked it is another", seed)
			}
			again = append(again, back)
		}
		for addr, country := range want {
			if got := of(again, addr.String()); got != country {
				t.Errorf("seed %d, %s: %q, want %q, of\n%s", seed, addr, got, country, &text)
			}
		}
	}
}

func TestCountries(t *testing.T) {
	tables, err := Parse(strings.NewReader("2001::,2001::1,US\n1.0.0.0,1.0.0.1,US\n1.0.0.2,1.0.0.2,AU\n1.0.0.4,1.0.0.5,US\n"))
	if err != nil || len(tables) != 2 {
		t.Fatalf("%d tables, %v", len(tables), err)
	}
	four, six := tables[0], tables[1]
	if four.Family() != IPv4 || four.Ranges() != 3 || !cmp.Equal(four.Countries(), []string{"AU", "US"}) {
		t.Errorf("%s, %d, %v", four.Family(), four.Ranges(), four.Countries())
	}
	if six.Family() != IPv6 || six.Ranges() != 1 || !cmp.Equal(six.Countries(), []string{"US"}) {
		t.Errorf("%s, %d, %v", six.Family(), six.Ranges(), six.Countries())
	}
	if got := four.Of(netip.Addr{}); got != "" {
		t.Errorf("no address is in %q", got)
	}
}

// TestDamaged cuts a packed table off and changes each of its bytes.
func TestDamaged(t *testing.T) {
	tables, err := Parse(strings.NewReader("1.0.0.0,1.0.0.1,US\n2001::,2001::1,DE\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		packed := table.Pack()
		for i := range packed {
			if _, err := Unpack(packed[:i]); !errors.Is(err, ErrDamaged) {
				t.Errorf("the first %d bytes: %v", i, err)
			}
			packed[i] ^= 0x10
			if _, err := Unpack(packed); !errors.Is(err, ErrDamaged) {
				t.Errorf("byte %d: %v", i, err)
			}
			packed[i] ^= 0x10
		}
	}
}

// FuzzParse compares what is told of the ends of each range, and of what lies beside them, with
// a look through all lines.
func FuzzParse(f *testing.F) {
	f.Add("1.0.0.0,1.0.0.255,AU\n1.0.1.0,1.0.3.255,CN\n")
	f.Add("2001:2::,2001:2::ffff,JP\r\n::,::,DE\nffff::,ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,US")
	f.Add("1.0.0.0\t1.0.0.255\t13335\tUS\tCLOUDFLARENET\n1.0.1.0\t1.0.3.255\t0\tNone\tNot routed\n")
	f.Add("\ufeff\"0.0.0.0\",\"255.255.255.255\",\"ZZ\"\n\n0.0.0.0,0.0.0.0,ZZ")
	f.Fuzz(func(t *testing.T, text string) {
		tables, err := Parse(strings.NewReader(text))
		if err != nil {
			return
		}
		type span struct {
			from, to netip.Addr
			country  string
		}
		var spans []span
		for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
			values := strings.FieldsFunc(strings.TrimRight(line, "\r\n"), func(r rune) bool { return r == '\t' || r == ',' && !strings.Contains(line, "\t") })
			if len(values) == 0 {
				continue
			}
			country := values[2]
			if strings.Count(line, "\t") >= 4 {
				parts := strings.Split(line, "\t")
				values, country = parts, parts[3]
			}
			if country = strings.Trim(country, `"`); country == "None" {
				country = ""
			}
			spans = append(spans, span{netip.MustParseAddr(strings.Trim(values[0], `"`)), netip.MustParseAddr(strings.Trim(values[1], `"`)), country})
		}
		if len(spans) > 200 {
			return // it takes too long
		}
		for _, s := range spans {
			for _, a := range []netip.Addr{s.from, s.to, s.from.Prev(), s.to.Next()} {
				if !a.IsValid() || a.Is4In6() {
					continue
				}
				want := ""
				for _, o := range spans {
					if a.Is4() == o.from.Is4() && !a.Less(o.from) && !o.to.Less(a) {
						want = o.country
					}
				}
				if got := of(tables, a.String()); got != want {
					t.Errorf("%s: %q, want %q", a, got, want)
				}
			}
		}
	})
}

// FuzzUnpack looks addresses up in what could be unpacked.
func FuzzUnpack(f *testing.F) {
	tables, err := Parse(strings.NewReader("1.0.0.0,1.0.0.1,US\n2001::,2001::1,DE\n"))
	if err != nil {
		f.Fatal(err)
	}
	for _, table := range tables {
		f.Add(table.Pack())
	}
	f.Fuzz(func(t *testing.T, packed []byte) {
		table, err := Unpack(packed)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("%v", err)
			}
			return
		}
		if again := table.Pack(); string(again) != string(packed) {
			t.Errorf("packed again: %x", again)
		}
		for _, a := range []string{"0.0.0.0", "1.0.0.1", "255.255.255.255", "::", "2001::", "ffff::"} {
			table.Of(netip.MustParseAddr(a))
		}
	})
}
