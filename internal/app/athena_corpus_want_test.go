package app

import (
	"fmt"
	"math/big"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// corpusAnswer is what a query of the corpus must give, computed from the records by what the query asks, without SQL.
type corpusAnswer struct {
	rows  [][]string // before the limit
	limit int        // 0: none
	order []sortKey
}

// sortKey is a column of the corpusAnswer that its rows are in the order of.
type sortKey struct {
	column        int
	desc, numbers bool
}

// view is the records that a table shows.
type view struct {
	flows []corpusFlow
	// lake says that absent texts are NULL, and not "-".
	lake    bool
	columns []string // of SELECT *
	// slashed says that day is the whole date.
	slashed bool
}

const null = "NULL"

// text returns a column of a record as results show it.
func (v *view) text(f *corpusFlow, column string) string {
	if v.slashed && column == "day" {
		column = "date_partition"
	}
	s := f.value(column)
	if s != "-" {
		return s
	}
	number := slices.Contains(corpusNumbers, column) || slices.Contains(strings.Fields(`sourceport destinationport numpackets numbytes tcpflags start_time end_time`), column)
	if v.lake || number || !slices.Contains(corpusTexts, column) {
		return null
	}
	return s
}

// corpusTexts are the columns of texts that can be absent, as "-".
var corpusTexts = strings.Fields(`srcaddr dstaddr sourceaddress destinationaddress pkt_srcaddr pkt_dstaddr pktsrcaddr pktdstaddr action instance_id instanceid type
	flow_direction flowdirection sublocation_type sublocation_id sublocationtype sublocationid pkt_src_aws_service pkt_dst_aws_service pktsrcawsservice pktdstawsservice trafficpath`)

func (v *view) where(keep func(*corpusFlow) bool) []*corpusFlow {
	var out []*corpusFlow
	for i := range v.flows {
		if f := &v.flows[i]; keep(f) {
			out = append(out, f)
		}
	}
	return out
}

// list returns columns of records.
func (v *view) list(flows []*corpusFlow, columns ...string) [][]string {
	var out [][]string
	for _, f := range flows {
		row := make([]string, len(columns))
		for i, c := range columns {
			row[i] = v.text(f, c)
		}
		out = append(out, row)
	}
	return out
}

func (v *view) star(flows []*corpusFlow) [][]string { return v.list(flows, v.columns...) }

// group puts records together whose keys are equal, and makes a row of each; a row of nil is left out.
func group(flows []*corpusFlow, key func(*corpusFlow) []string, row func(key []string, flows []*corpusFlow) []string) [][]string {
	groups, keys := map[string][]*corpusFlow{}, map[string][]string{}
	for _, f := range flows {
		k := key(f)
		id := strings.Join(k, "\x00")
		groups[id], keys[id] = append(groups[id], f), k
	}
	var out [][]string
	for id, g := range groups {
		if r := row(keys[id], g); r != nil {
			out = append(out, r)
		}
	}
	return out
}

// by returns a key of columns.
func (v *view) by(columns ...string) func(*corpusFlow) []string {
	return func(f *corpusFlow) []string { return v.list([]*corpusFlow{f}, columns...)[0] }
}

func bytesOf(f *corpusFlow) int64   { return f.bytes }
func packetsOf(f *corpusFlow) int64 { return f.packets }

// total is a sum; numbers of records without traffic are absent, and a sum of none is NULL.
func total(flows []*corpusFlow, of func(*corpusFlow) int64) (sum int64, some bool) {
	for _, f := range flows {
		if f.status == "OK" {
			sum, some = sum+of(f), true
		}
	}
	return sum, some
}

func sum(flows []*corpusFlow, of func(*corpusFlow) int64) string {
	if n, ok := total(flows, of); ok {
		return strconv.FormatInt(n, 10)
	}
	return null
}

func count(flows []*corpusFlow) string { return strconv.Itoa(len(flows)) }

// distinct counts values; absent numbers do not count.
func distinct(flows []*corpusFlow, column string) int {
	seen := map[string]bool{}
	for _, f := range flows {
		if s := f.value(column); s != "-" || slices.Contains(corpusTexts, column) {
			seen[s] = true
		}
	}
	return len(seen)
}

// quotient divides exactly and rounds half up to one digit behind the point.
func quotient(a, b *big.Rat) *big.Rat {
	q := new(big.Rat).Quo(a, b)
	shift := big.NewRat(10, 1)
	q.Mul(q, shift).Add(q, big.NewRat(1, 2))
	floor := new(big.Int).Div(q.Num(), q.Denom())
	return new(big.Rat).Quo(new(big.Rat).SetInt(floor), shift)
}

func rat(n int64) *big.Rat { return new(big.Rat).SetInt64(n) }

func instant(seconds int64) string {
	return time.Unix(seconds, 0).UTC().Format("2006-01-02 15:04:05.000 UTC")
}

func hourOf(seconds int64) string { return instant(seconds - seconds%3600) }

func within(f *corpusFlow, from, to string) bool {
	day := f.value("date_partition")
	return day >= from && day <= to
}

// july is the condition on partitions that most queries of group A have.
func july(f *corpusFlow) bool {
	return within(f, "2020/07/01", "2020/07/31") && f.account == "111122223333"
}

func onDay(day string) func(*corpusFlow) bool {
	return func(f *corpusFlow) bool { return f.value("date") == day }
}

func in(f *corpusFlow, year, month, day string) bool {
	return f.value("year") == year && f.value("month") == month && (day == "" || f.value("day") == day)
}

func prefixed(s string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}

// rfc1918 is what A17 takes for private: its bounds themselves are not.
func rfc1918(s string) bool {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return false
	}
	for _, r := range [][2]string{{"10.0.0.0", "10.255.255.255"}, {"172.16.0.0", "172.31.255.255"}, {"192.168.0.0", "192.168.255.255"}} {
		if a.Is4() && a.Compare(netip.MustParseAddr(r[0])) > 0 && a.Compare(netip.MustParseAddr(r[1])) < 0 {
			return true
		}
	}
	return false
}

func inCIDR(s, cidr string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && netip.MustParsePrefix(cidr).Contains(a)
}

func since(f *corpusFlow, hours int64) bool { return f.start > corpusNow.Unix()-hours*3600 }

// byBytes is the corpusAnswer that sums bytes by keys.
func (v *view) byBytes(flows []*corpusFlow, of func(*corpusFlow) int64, limit int, keys ...string) corpusAnswer {
	return corpusAnswer{group(flows, v.by(keys...), func(k []string, g []*corpusFlow) []string { return append(k, sum(g, of)) }), limit, []sortKey{{len(keys), true, true}}}
}

// The day and the address that stand for the placeholders of group C.
const (
	placeholderDay     = "2020-07-31"
	placeholderAddress = "10.0.1.14"
)

// inbound and outbound are what the queries of group C ask for.
func inbound(f *corpusFlow) bool  { return onDay(placeholderDay)(f) && f.dst == placeholderAddress }
func outbound(f *corpusFlow) bool { return onDay(placeholderDay)(f) && f.src == placeholderAddress }

func spell(f *corpusFlow) bool { return f.start > 1596225600 && f.start+9 < 1596226200 }

// corpusWants are the answers of the corpus by the query's name.
var corpusWants = map[string]func(v *view) corpusAnswer{
	"A01": func(v *view) corpusAnswer {
		return corpusAnswer{rows: v.star(v.where(func(*corpusFlow) bool { return true })), limit: 10}
	},
	"A02": func(v *view) corpusAnswer {
		return corpusAnswer{rows: v.star(v.where(func(f *corpusFlow) bool { return f.account == "111122223333" })), limit: 10}
	},
	"A04": func(v *view) corpusAnswer {
		return corpusAnswer{rows: v.star(v.where(func(f *corpusFlow) bool { return f.region == "us-east-1" })), limit: 10}
	},
	"A05": func(v *view) corpusAnswer {
		return corpusAnswer{rows: v.star(v.where(func(*corpusFlow) bool { return true })), limit: 10}
	},
	"A06": func(v *view) corpusAnswer {
		return corpusAnswer{rows: v.star(v.where(func(f *corpusFlow) bool { return within(f, "2020/07/01", "2020/07/31") })), limit: 10}
	},
	"A08": func(v *view) corpusAnswer { return corpusAnswer{rows: v.star(v.where(july)), limit: 10} },
	"A09": func(v *view) corpusAnswer {
		rows := group(v.where(july), v.by("region", "instanceid", "sourceaddress", "destinationaddress"), func(k []string, g []*corpusFlow) []string { return append(k, count(g)) })
		return corpusAnswer{rows: rows, order: []sortKey{{4, true, true}}}
	},
	"A10": func(v *view) corpusAnswer {
		return v.byBytes(v.where(func(f *corpusFlow) bool {
			return july(f) && (f.src == "192.0.2.1" || f.dst == "192.0.2.1") && (f.src == "203.0.113.2" || f.dst == "203.0.113.2")
		}), bytesOf, 0, "region", "instanceid", "sourceaddress", "destinationaddress")
	},
	"A12": func(v *view) corpusAnswer {
		return v.byBytes(v.where(func(f *corpusFlow) bool { return july(f) && f.instance == "i-000000000000000" && f.dstPort == 443 }), bytesOf, 0,
			"region", "instanceid", "sourceaddress", "destinationaddress", "destinationport")
	},
	"A13": func(v *view) corpusAnswer {
		return v.byBytes(v.where(func(f *corpusFlow) bool { return july(f) && (f.src == "192.0.2.1" || f.dst == "192.0.2.1") }), bytesOf, 0,
			"sourceaddress", "destinationaddress", "sourceport", "destinationport")
	},
	"A14": func(v *view) corpusAnswer {
		var rows [][]string
		for _, f := range v.where(func(f *corpusFlow) bool {
			return f.src == "192.0.2.1" && f.dst == "192.0.2.254" || f.src == "192.0.2.254" && f.dst == "192.0.2.1"
		}) {
			rest := v.list([]*corpusFlow{f}, "interfaceid", "sourceaddress", "destinationaddress", "sourceport", "destinationport", "numpackets", "numbytes", "flow_direction", "action")[0]
			rows = append(rows, append([]string{instant(f.start), instant(f.start + 9)}, rest...))
		}
		return corpusAnswer{rows: rows, order: []sortKey{{0, false, false}}}
	},
	"A17": func(v *view) corpusAnswer {
		return corpusAnswer{rows: v.star(v.where(func(f *corpusFlow) bool { return july(f) && f.status == "OK" && rfc1918(f.src) != rfc1918(f.dst) }))}
	},
	"A18": func(v *view) corpusAnswer {
		return corpusAnswer{rows: v.star(v.where(func(f *corpusFlow) bool {
			return july(f) && f.status == "OK" && inCIDR(f.src, "172.16.0.0/12") && inCIDR(f.dst, "172.16.0.0/12")
		}))}
	},
	"A20": func(v *view) corpusAnswer {
		return corpusAnswer{rows: v.star(v.where(onDay("2020-05-04"))), limit: 100}
	},
	"A21": func(v *view) corpusAnswer {
		var rows [][]string
		for _, f := range v.where(func(f *corpusFlow) bool { return f.action == "REJECT" && f.proto == 6 }) {
			day := (int(time.Unix(f.start, 0).UTC().Weekday()) + 6) % 7
			rows = append(rows, append([]string{strconv.Itoa(day + 1)}, v.list([]*corpusFlow{f}, "date", "interface_id", "srcaddr", "action", "protocol")[0]...))
		}
		return corpusAnswer{rows: rows, limit: 100}
	},
	"A22": func(v *view) corpusAnswer {
		rows := group(v.where(func(f *corpusFlow) bool { return f.dstPort == 443 && f.value("date") > "2026-11-13" }), v.by("dstaddr"),
			func(k []string, g []*corpusFlow) []string { return []string{sum(g, packetsOf), k[0]} })
		return corpusAnswer{rows, 10, []sortKey{{0, true, true}}}
	},
	"A24": func(v *view) corpusAnswer {
		rows := group(v.where(func(f *corpusFlow) bool { return f.dstPort == 443 && within(f, "2021/03/01", "2021/03/30") }), v.by("dstaddr"),
			func(k []string, g []*corpusFlow) []string { return []string{sum(g, packetsOf), k[0]} })
		return corpusAnswer{rows, 10, []sortKey{{0, true, true}}}
	},
	"A25": func(v *view) corpusAnswer {
		var rows [][]string
		for _, f := range v.where(func(f *corpusFlow) bool { return within(f, "2021/04/01", "2021/04/29") }) {
			iso := func(s int64) string { return time.Unix(s, 0).UTC().Format("2006-01-02T15:04:05.000Z") }
			rows = append(rows, append(v.list([]*corpusFlow{f}, "interface_id", "srcaddr", "action", "protocol")[0], iso(f.start), iso(f.start+9)))
		}
		return corpusAnswer{rows: rows}
	},
	"A26": func(v *view) corpusAnswer {
		return corpusAnswer{rows: v.star(v.where(func(f *corpusFlow) bool { return f.src == "10.117.1.22" && within(f, "2021/02/01", "2021/02/27") }))}
	},
	"A28": func(v *view) corpusAnswer {
		return corpusAnswer{rows: v.star(v.where(func(f *corpusFlow) bool { return prefixed(f.src, "10.117.") }))}
	},
	"A29": func(v *view) corpusAnswer {
		return corpusAnswer{rows: v.star(v.where(func(f *corpusFlow) bool { return f.dst == "10.0.1.14" && within(f, "2021/01/01", "2021/01/30") }))}
	},
	"A30": func(v *view) corpusAnswer {
		return v.byBytes(v.where(func(f *corpusFlow) bool { return inbound(f) && f.action == "ACCEPT" }), packetsOf, 10, "destinationport")
	},
	"A32": func(v *view) corpusAnswer { return v.byBytes(v.where(inbound), bytesOf, 10, "sourceaddress") },
	"A33": func(v *view) corpusAnswer { return v.byBytes(v.where(inbound), bytesOf, 10, "destinationport") },
	"A34": func(v *view) corpusAnswer {
		return corpusAnswer{rows: v.star(v.where(func(f *corpusFlow) bool { return inbound(f) && spell(f) }))}
	},
	"A36": func(v *view) corpusAnswer { return v.byBytes(v.where(outbound), bytesOf, 10, "destinationport") },
	"A37": func(v *view) corpusAnswer {
		return corpusAnswer{rows: v.star(v.where(func(f *corpusFlow) bool { return outbound(f) && spell(f) }))}
	},
	"A38": func(v *view) corpusAnswer {
		return v.byBytes(v.where(func(f *corpusFlow) bool { return inbound(f) && f.action == "ACCEPT" }), packetsOf, 10, "destinationport")
	},
	"A40": func(v *view) corpusAnswer {
		return v.byBytes(v.where(func(f *corpusFlow) bool { return inbound(f) && f.proto == 17 && f.dstPort == 389 }), packetsOf, 0, "sourceaddress")
	},
	"A41": func(v *view) corpusAnswer {
		rows := group(v.where(func(f *corpusFlow) bool {
			return f.start >= 1716904800 && f.start+9 <= 1716908400 && f.action == "ACCEPT"
		}),
			v.by("srcaddr", "dstaddr", "dstport", "protocol"), func(k []string, g []*corpusFlow) []string {
				if n, _ := total(g, packetsOf); n <= 100000 {
					return nil
				}
				return append(k, sum(g, packetsOf), sum(g, bytesOf), count(g))
			})
		return corpusAnswer{rows, 50, []sortKey{{4, true, true}}}
	},
	"A42": func(v *view) corpusAnswer {
		rows := group(v.where(func(f *corpusFlow) bool {
			return f.start >= 1716904800 && f.start+9 <= 1716915600 && f.dst == "10.0.1.100" && f.action == "ACCEPT"
		}), v.by("dstport", "protocol"), func(k []string, g []*corpusFlow) []string {
			n, _ := total(g, bytesOf)
			first, last := g[0].start, g[0].start
			for _, f := range g {
				first, last = min(first, f.start), max(last, f.start)
			}
			return append(k, strconv.Itoa(distinct(g, "srcaddr")), sum(g, packetsOf), quotient(rat(n), rat(1<<30)).FloatString(1), strconv.FormatInt(n/(last+9-first), 10))
		})
		return corpusAnswer{rows: rows, order: []sortKey{{3, true, true}}}
	},
	"A44": func(v *view) corpusAnswer {
		rows := group(v.where(func(f *corpusFlow) bool {
			return in(f, "2024", "01", "15") && f.action == "REJECT" && f.flags == 2 && !prefixed(f.src, "10.", "172.16.", "192.168.")
		}), v.by("pkt_srcaddr"), func(k []string, g []*corpusFlow) []string {
			n := distinct(g, "dstport")
			if n <= 20 {
				return nil
			}
			first, last := g[0].start, g[0].start
			for _, f := range g {
				first, last = min(first, f.start), max(last, f.start)
			}
			return append(k, strconv.Itoa(n), count(g), instant(first), instant(last))
		})
		return corpusAnswer{rows: rows, order: []sortKey{{1, true, true}}}
	},
	"A45": func(v *view) corpusAnswer {
		rows := group(v.where(func(f *corpusFlow) bool {
			return in(f, "2024", "01", "") && f.action == "ACCEPT" && f.dir == "egress" && f.instance != "-" && !prefixed(f.dst, "10.", "172.16.", "192.168.", "169.254.")
		}), v.by("instance_id", "srcaddr", "dstaddr"), func(k []string, g []*corpusFlow) []string {
			n, _ := total(g, bytesOf)
			if n <= 1<<30 {
				return nil
			}
			return append(k, quotient(rat(n), rat(1<<30)).FloatString(1), sum(g, packetsOf), count(g))
		})
		return corpusAnswer{rows: rows, order: []sortKey{{3, true, true}}}
	},
	"A46": func(v *view) corpusAnswer {
		rows := group(v.where(func(f *corpusFlow) bool { return in(f, "2024", "01", "15") && f.flags&4 > 0 && f.action == "ACCEPT" }),
			func(f *corpusFlow) []string {
				return append([]string{hourOf(f.start)}, v.list([]*corpusFlow{f}, "dstaddr", "dstport")[0]...)
			},
			func(k []string, g []*corpusFlow) []string {
				if len(g) <= 100 {
					return nil
				}
				return append(k, count(g))
			})
		return corpusAnswer{rows: rows, order: []sortKey{{3, true, true}}}
	},
	"A48": func(v *view) corpusAnswer {
		flows := v.where(func(f *corpusFlow) bool {
			return in(f, "2024", "01", "15") && slices.Contains([]int{3306, 5432, 1433, 6379, 27017}, f.dstPort)
		})
		ports := map[string]int64{}
		for _, f := range flows {
			ports[f.value("dstport")]++
		}
		rows := group(flows, v.by("dstport", "action"), func(k []string, g []*corpusFlow) []string {
			return append(k, count(g), quotient(rat(100*int64(len(g))), rat(ports[k[0]])).FloatString(1))
		})
		return corpusAnswer{rows: rows, order: []sortKey{{0, false, true}}}
	},
	"A49": func(v *view) corpusAnswer {
		rows := group(v.where(func(f *corpusFlow) bool { return in(f, "2024", "01", "15") && f.action == "REJECT" }),
			func(f *corpusFlow) []string { return []string{time.Unix(f.start, 0).UTC().Format("2006-01-02 15:00")} },
			func(k []string, g []*corpusFlow) []string {
				return append(k, count(g), strconv.Itoa(distinct(g, "srcaddr")))
			})
		return corpusAnswer{rows: rows, order: []sortKey{{0, false, false}}}
	},
	"A50": func(v *view) corpusAnswer {
		flows := v.where(func(f *corpusFlow) bool { return in(f, "2024", "01", "15") })
		return corpusAnswer{rows: group(flows, v.by("log_status"), func(k []string, g []*corpusFlow) []string {
			return append(k, count(g), quotient(rat(100*int64(len(g))), rat(int64(len(flows)))).FloatString(1))
		})}
	},
	"A52": func(v *view) corpusAnswer {
		rows := group(v.where(func(f *corpusFlow) bool {
			return f.instance == "i-0123456789abcdef0" && f.dir == "egress" && f.action == "ACCEPT" && in(f, "2026", "05", "08")
		}), v.by("dstaddr", "dstport"), func(k []string, g []*corpusFlow) []string {
			n, _ := total(g, bytesOf)
			return append(k, strconv.FormatInt(n/1024/1024, 10), count(g))
		})
		return corpusAnswer{rows, 50, []sortKey{{2, true, true}}}
	},
	"A53": func(v *view) corpusAnswer {
		before := map[string]*big.Rat{}
		old := v.where(func(f *corpusFlow) bool {
			return f.dir == "egress" && f.start >= corpusNow.Unix()-25*3600 && f.start <= corpusNow.Unix()-3600
		})
		group(old, v.by("instance_id"), func(k []string, g []*corpusFlow) []string {
			n, _ := total(g, bytesOf)
			before[k[0]] = quotient(rat(n), rat(24))
			return nil
		})
		rows := group(v.where(func(f *corpusFlow) bool { return f.dir == "egress" && since(f, 1) }), v.by("instance_id"), func(k []string, g []*corpusFlow) []string {
			n, _ := total(g, bytesOf)
			usual := before[k[0]]
			if usual == nil || k[0] == null || rat(n).Cmp(new(big.Rat).Mul(usual, rat(10))) <= 0 {
				return nil
			}
			return append(k, strconv.FormatInt(n, 10), usual.FloatString(1), quotient(rat(n), usual).FloatString(1))
		})
		return corpusAnswer{rows: rows, order: []sortKey{{3, true, true}}}
	},
	"A54": func(v *view) corpusAnswer {
		rows := group(v.where(func(f *corpusFlow) bool {
			return f.dir == "egress" && f.action == "ACCEPT" && since(f, 24) && !slices.Contains([]int{80, 443, 22, 53, 25, 587, 465, 8080, 8443, 5432, 3306}, f.dstPort)
		}), v.by("instance_id", "dstaddr", "dstport"), func(k []string, g []*corpusFlow) []string {
			if n, _ := total(g, bytesOf); n <= 1_000_000 {
				return nil
			}
			return append(k, sum(g, bytesOf))
		})
		return corpusAnswer{rows: rows, order: []sortKey{{3, true, true}}}
	},
	"A56": func(v *view) corpusAnswer {
		rows := group(v.where(func(f *corpusFlow) bool { return f.path == 8 && f.dir == "egress" && since(f, 24) }), v.by("instance_id", "dstaddr", "dstport"),
			func(k []string, g []*corpusFlow) []string { return append(k, sum(g, bytesOf), count(g)) })
		return corpusAnswer{rows, 50, []sortKey{{3, true, true}}}
	},
	"A57": func(v *view) corpusAnswer {
		inner := func(s string) bool {
			return slices.ContainsFunc([]string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8", "100.64.0.0/10"}, func(c string) bool { return inCIDR(s, c) })
		}
		rows := group(v.where(func(f *corpusFlow) bool {
			return f.value("date_partition") >= "2026/11/18" && f.dir == "egress" && inner(f.src) && inner(f.dst)
		}), func(f *corpusFlow) []string {
			return append(v.list([]*corpusFlow{f}, "srcaddr", "instance_id")[0], hourOf(f.start))
		},
			func(k []string, g []*corpusFlow) []string {
				hosts, ports := distinct(g, "dstaddr"), distinct(g, "dstport")
				if hosts < 20 && ports < 50 {
					return nil
				}
				rejected, low, high := 0, g[0].dstPort, g[0].dstPort
				for _, f := range g {
					if f.action == "REJECT" {
						rejected++
					}
					low, high = min(low, f.dstPort), max(high, f.dstPort)
				}
				return append(k, strconv.Itoa(hosts), strconv.Itoa(ports), strconv.Itoa(rejected), count(g), strconv.Itoa(low), strconv.Itoa(high))
			})
		return corpusAnswer{rows, 500, []sortKey{{3, true, true}}}
	},
	"A58": func(v *view) corpusAnswer {
		rows := group(v.where(func(f *corpusFlow) bool {
			return f.status == "OK" && in(f, "2024", "01", "") && f.action == "ACCEPT" && f.eni == "eni-00000001" && f.dir == "ingress"
		}), v.by("interface_id", "protocol", "flow_direction", "srcaddr", "srcport", "dstaddr", "dstport"), func(k []string, g []*corpusFlow) []string {
			f := g[0]
			protocol, subnet, initiator := "other", "other", "client"
			if name, ok := map[int]string{6: "tcp", 17: "udp", 1: "icmp"}[f.proto]; ok {
				protocol = name
			}
			if f.src == "10.0.1.14" {
				subnet = "named"
			} else if inCIDR(f.src, "10.0.0.0/16") {
				subnet = "NAMED_SUBNET"
			}
			if f.srcPort > f.dstPort {
				initiator = "server"
			}
			return []string{count(g), k[0], protocol, k[2], subnet, k[3], k[4], k[5], k[6], initiator}
		})
		return corpusAnswer{rows: rows, order: []sortKey{{0, true, true}}}
	},
	"A60": func(v *view) corpusAnswer {
		rows := group(v.where(func(f *corpusFlow) bool { return f.value("date") >= "2024-01-01" }), v.by("srcaddr"),
			func(k []string, g []*corpusFlow) []string {
				return append(k, sum(g, bytesOf), sum(g, packetsOf), count(g))
			})
		return corpusAnswer{rows, 20, []sortKey{{1, true, true}}}
	},
	"A61": func(v *view) corpusAnswer {
		rows := group(v.where(onDay("2024-01-15")), func(f *corpusFlow) []string { return []string{hourOf(f.start), v.text(f, "action")} },
			func(k []string, g []*corpusFlow) []string { return append(k, count(g), sum(g, bytesOf)) })
		return corpusAnswer{rows: rows, order: []sortKey{{0, false, false}}}
	},
	"A62": func(v *view) corpusAnswer {
		rows := group(v.where(func(f *corpusFlow) bool {
			return f.action == "ACCEPT" && !prefixed(f.dst, "10.") && f.value("date") == "2026-11-19"
		}),
			v.by("srcaddr", "dstaddr", "dstport"), func(k []string, g []*corpusFlow) []string { return append(k, sum(g, bytesOf), count(g)) })
		return corpusAnswer{rows, 20, []sortKey{{3, true, true}}}
	},
	"A64": func(v *view) corpusAnswer {
		return v.byBytes(v.where(func(f *corpusFlow) bool { return in(f, "2026", "03", "") && f.action == "REJECT" }), bytesOf, 0, "srcaddr", "dstaddr", "dstport", "action")
	},
	"A65": func(v *view) corpusAnswer {
		rows := group(v.where(func(f *corpusFlow) bool {
			return f.dstPort == 22 && f.action == "REJECT" && f.value("date") == "2025-01-15"
		}),
			v.by("srcaddr", "dstaddr", "srcport", "action"), func(k []string, g []*corpusFlow) []string { return append(k, count(g)) })
		return corpusAnswer{rows, 20, []sortKey{{4, true, true}}}
	},
	"A66": func(v *view) corpusAnswer {
		rows := group(v.where(func(f *corpusFlow) bool { return f.action == "REJECT" && f.value("date") >= "2024-01-01" }),
			v.by("srcaddr", "dstaddr", "dstport", "protocol"), func(k []string, g []*corpusFlow) []string { return append(k, sum(g, packetsOf), sum(g, bytesOf)) })
		return corpusAnswer{rows, 20, []sortKey{{5, true, true}}}
	},
	"A68": func(v *view) corpusAnswer {
		return v.byBytes(v.where(func(f *corpusFlow) bool {
			return f.action == "ACCEPT" && prefixed(f.src, "10.") && !prefixed(f.dst, "10.")
		}), bytesOf, 20, "dstaddr")
	},
	"A69": func(v *view) corpusAnswer {
		rows := group(v.where(func(f *corpusFlow) bool { return f.value("date") == "2024-11-30" && f.dir == "ingress" }), v.by("pkt_srcaddr"), func(k []string, g []*corpusFlow) []string {
			n, rejected := distinct(g, "dstport"), 0
			for _, f := range g {
				if f.action == "REJECT" {
					rejected++
				}
			}
			if n <= 100 {
				return nil
			}
			return append(k, strconv.Itoa(n), strconv.Itoa(distinct(g, "dstaddr")), strconv.Itoa(rejected))
		})
		return corpusAnswer{rows: rows, order: []sortKey{{1, true, true}}}
	},
	"A70": func(v *view) corpusAnswer {
		rows := group(v.where(func(f *corpusFlow) bool { return f.action == "REJECT" && since(f, 1) }), v.by("srcaddr"), func(k []string, g []*corpusFlow) []string {
			n := distinct(g, "dstport")
			if n <= 20 {
				return nil
			}
			first, last := g[0].start, g[0].start
			for _, f := range g {
				first, last = min(first, f.start), max(last, f.start)
			}
			return append(k, strconv.Itoa(n), count(g), instant(first), instant(last+9))
		})
		return corpusAnswer{rows, 5, []sortKey{{1, true, true}}}
	},
	"A72": func(v *view) corpusAnswer {
		rows := group(v.where(func(f *corpusFlow) bool { return f.action == "REJECT" && in(f, "2024", "01", "") }), v.by("srcaddr"), func(k []string, g []*corpusFlow) []string {
			n := distinct(g, "dstport")
			if n <= 25 {
				return nil
			}
			first, last := g[0].start, g[0].start
			for _, f := range g {
				first, last = min(first, f.start), max(last, f.start)
			}
			return append(k, strconv.Itoa(n), strconv.Itoa(distinct(g, "dstaddr")), sum(g, packetsOf), instant(first), instant(last+9))
		})
		return corpusAnswer{rows: rows, order: []sortKey{{1, true, true}}}
	},
	"A73": func(v *view) corpusAnswer {
		rows := group(v.where(func(f *corpusFlow) bool {
			return f.dir == "egress" && since(f, 1) && !prefixed(f.dst, "10.", "172.16.")
		}),
			v.by("srcaddr", "dstaddr", "dstport"), func(k []string, g []*corpusFlow) []string {
				if n, _ := total(g, bytesOf); n <= 1<<30 {
					return nil
				}
				return append(k, sum(g, bytesOf), count(g))
			})
		return corpusAnswer{rows: rows, order: []sortKey{{3, true, true}}}
	},
	"A74": func(v *view) corpusAnswer {
		rows := group(v.where(func(f *corpusFlow) bool {
			return f.src == "10.20.3.14" && f.value("date") >= "2026-09-01" && f.value("date") <= "2026-09-03" && !prefixed(f.dst, "10.")
		}), v.by("dstaddr"), func(k []string, g []*corpusFlow) []string { return append(k, sum(g, bytesOf), count(g)) })
		return corpusAnswer{rows, 20, []sortKey{{1, true, true}}}
	},
	"A76": func(v *view) corpusAnswer {
		rows := group(v.where(func(*corpusFlow) bool { return true }), v.by("dstport"), func(k []string, g []*corpusFlow) []string { return append(k, count(g), sum(g, bytesOf)) })
		return corpusAnswer{rows, 20, []sortKey{{1, true, true}}}
	},
	"A77": func(v *view) corpusAnswer {
		rows := group(v.where(func(f *corpusFlow) bool { return f.action == "REJECT" }), v.by("srcaddr", "dstaddr", "dstport"),
			func(k []string, g []*corpusFlow) []string { return append(k, count(g)) })
		return corpusAnswer{rows, 20, []sortKey{{3, true, true}}}
	},
}

// check says where rows are not the corpusAnswer.
func (a *corpusAnswer) check(got [][]string) error {
	want := len(a.rows)
	if a.limit > 0 {
		want = min(want, a.limit)
	}
	if len(a.rows) == 0 {
		return fmt.Errorf("the records have nothing that the query asks for")
	}
	if len(got) != want {
		return fmt.Errorf("%d rows, want %d", len(got), want)
	}
	left := map[string]int{}
	for _, row := range a.rows {
		left[strings.Join(row, "\t")]++
	}
	for i, row := range got {
		text := strings.Join(row, "\t")
		if left[text]--; left[text] < 0 {
			return fmt.Errorf("row %d is not of the corpusAnswer: %s\nsome that are: %s", i, text, strings.Join(a.rows[0], "\t"))
		}
	}
	if len(a.order) == 0 {
		return nil
	}
	return a.checkOrder(got)
}

// checkOrder compares the columns that rows are in the order of: rows that are equal in them come in any order.
func (a *corpusAnswer) checkOrder(got [][]string) error {
	rows := slices.Clone(a.rows)
	slices.SortStableFunc(rows, func(x, y []string) int {
		for _, k := range a.order {
			if c := k.compare(x[k.column], y[k.column]); c != 0 {
				return c
			}
		}
		return 0
	})
	for i, row := range got {
		for _, k := range a.order {
			if k.compare(row[k.column], rows[i][k.column]) != 0 {
				return fmt.Errorf("row %d has %s, want %s", i, row[k.column], rows[i][k.column])
			}
		}
	}
	return nil
}

func (k sortKey) compare(x, y string) int {
	if x == null || y == null { // last in both directions
		return strings.Compare(strconv.FormatBool(x == null), strconv.FormatBool(y == null))
	}
	c := strings.Compare(x, y)
	if k.numbers {
		a, _ := new(big.Rat).SetString(x)
		b, _ := new(big.Rat).SetString(y)
		c = a.Cmp(b)
	}
	if k.desc {
		return -c
	}
	return c
}
