package filter

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/flowlog"
	"weir/internal/query"
)

// said is a random filter and what it means, computed without package query and
// with two values only.
type said struct {
	text  string
	holds func(flowlog.Record) bool
}

// speaker makes random filters.
type speaker struct {
	*rand.Rand
	zone *time.Location
}

func choose[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

func (s speaker) condition(depth int) said {
	if depth == 0 || s.IntN(3) == 0 {
		return s.test()
	}
	switch s.IntN(4) {
	case 0:
		a := s.condition(depth - 1)
		return said{fmt.Sprintf(choose(s.Rand, "not (%s)", "NOT(%s)", "(not (%s))"), a.text), func(r flowlog.Record) bool { return !a.holds(r) }}
	case 1:
		a := s.test() // binds more than not
		return said{"not " + a.text, func(r flowlog.Record) bool { return !a.holds(r) }}
	}
	a, b := s.condition(depth-1), s.condition(depth-1)
	if s.IntN(2) == 0 {
		return said{fmt.Sprintf("(%s) and (%s)", a.text, b.text), func(r flowlog.Record) bool { return a.holds(r) && b.holds(r) }}
	}
	return said{fmt.Sprintf("((%s) OR %s)", a.text, "("+b.text+")"), func(r flowlog.Record) bool { return a.holds(r) || b.holds(r) }}
}

// test returns a comparison of a random field.
func (s speaker) test() said {
	switch s.IntN(6) {
	case 0:
		return s.presence()
	case 1:
		return s.text()
	case 2:
		return s.address()
	case 3:
		return s.closed()
	}
	return s.number()
}

// ends are the fields that a name stands for.
func ends(name string) []string {
	switch name {
	case "addr":
		return []string{"srcaddr", "dstaddr"}
	case "port":
		return []string{"srcport", "dstport"}
	}
	return []string{name}
}

// get returns a record's value of a field as text.
func get(r flowlog.Record, name string) (string, bool) {
	if f, ok := flowlog.Lookup(name); ok {
		return r.Text(f.ID)
	}
	for unknown, v := range r.Unknown() {
		if unknown == name {
			return v, true
		}
	}
	return "", false
}

// asserting returns a test that holds where it does for one end that is there;
// denying one that holds where both ends are there and it does for neither.
func asserting(name, rest string, holds func(v string) bool) said {
	return said{name + " " + rest, func(r flowlog.Record) bool {
		return slices.ContainsFunc(ends(name), func(end string) bool {
			v, ok := get(r, end)
			return ok && holds(v)
		})
	}}
}

func denying(name, rest string, holds func(v string) bool) said {
	return said{name + " " + rest, func(r flowlog.Record) bool {
		return !slices.ContainsFunc(ends(name), func(end string) bool {
			v, ok := get(r, end)
			return !ok || holds(v)
		})
	}}
}

// either returns an asserting or a denying test; of operators like "in" the denying
// one has "not" before it.
func (s speaker) either(name, operator, denier, rest string, holds func(v string) bool) said {
	if s.IntN(2) == 0 {
		return asserting(name, operator+" "+rest, holds)
	}
	return denying(name, denier+" "+rest, holds)
}

func (s speaker) presence() said {
	name := choose(s.Rand, "srcaddr", "dstport", "action", "shade", "addr", "port", "start", "instance-tag")
	there := asserting(name, choose(s.Rand, "is present", "is not absent", "IS NOT NULL"), func(string) bool { return true })
	if s.IntN(2) == 0 {
		return there
	}
	return said{name + choose(s.Rand, " is absent", " is null", " is not present"), func(r flowlog.Record) bool { return !there.holds(r) }}
}

func (s speaker) text() said {
	name := choose(s.Rand, "instance-tag", "INSTANCE_TAG", "shade", "vpc-id")
	value := choose(s.Rand, textValues...)
	quotedValue := "'" + strings.ReplaceAll(value, "'", "''") + "'"
	name = flowlog.CanonicalName(name)
	switch s.IntN(5) {
	case 0:
		return s.either(name, "=", "!=", quotedValue, func(v string) bool { return v == value })
	case 1:
		other := choose(s.Rand, "web", "i-0")
		return s.either(name, "in", "not in", fmt.Sprintf("(%s, %s)", quotedValue, other), func(v string) bool { return v == value || v == other })
	case 2:
		return s.either(name, "contains", "not contains", quotedValue, func(v string) bool { return strings.Contains(v, value) })
	case 3:
		return s.either(name, "starts with", "not starts with", quotedValue, func(v string) bool { return strings.HasPrefix(v, value) })
	}
	re := regexp.MustCompile(choose(s.Rand, "^w", "e?b", "[^a-z]", "a/b", `\\`))
	return s.either(name, "~", "!~", "/"+strings.ReplaceAll(re.String(), "/", `\/`)+"/", re.MatchString)
}

func (s speaker) address() said {
	name := choose(s.Rand, "srcaddr", "dstaddr", "addr", "pkt-srcaddr")
	a := netip.MustParseAddr(choose(s.Rand, addrValues...))
	spelling := strings.ToUpper(a.StringExpanded())
	p := netip.MustParsePrefix(choose(s.Rand, "10.0.0.0/8", "10.0.0.0/31", "2001:db8::/32", "0.0.0.0/0", "::/0"))
	is := func(v string) bool { return netip.MustParseAddr(v) == a }
	in := func(v string) bool { return p.Contains(netip.MustParseAddr(v)) }
	switch s.IntN(4) {
	case 0:
		return s.either(name, "=", "!=", spelling, is)
	case 1:
		return s.either(name, "in", "not in", p.String(), in)
	case 2:
		return s.either(name, "in", "not in", fmt.Sprintf("(%s,%s)", p, spelling), func(v string) bool { return is(v) || in(v) })
	}
	return s.either(name, "starts with", "not starts with", "10.", func(v string) bool { return strings.HasPrefix(v, "10.") })
}

func (s speaker) closed() said {
	switch s.IntN(3) {
	case 0:
		return s.either("log-status", "=", "<>", choose(s.Rand, "ok", "OK"), func(v string) bool { return v == "OK" })
	case 1:
		return s.either("action", "in", "not in", "(accept, Reject)", func(string) bool { return true })
	}
	return s.either("action", "==", "!=", choose(s.Rand, "reject", "REJECT", "'Reject'"), func(v string) bool { return v == "REJECT" })
}

// number returns a test of a number or a time.
func (s speaker) number() said {
	name := choose(s.Rand, "srcport", "dstport", "port", "protocol", "bytes", "packets", "start", "tcp-flags")
	a, b := s.spelled(name), s.spelled(name)
	number := func(v string) (n int64) {
		if _, err := fmt.Sscan(v, &n); err != nil {
			panic(err)
		}
		return n
	}
	switch s.IntN(4) {
	case 0:
		low, high := a, b
		if low.n > high.n {
			low, high = high, low
		}
		return s.either(name, "in", "not in", low.text+".."+high.text, func(v string) bool { return number(v) >= low.n && number(v) <= high.n })
	case 1:
		return s.either(name, "in", "not in", fmt.Sprintf("( %s , %s )", a.text, b.text), func(v string) bool { return number(v) == a.n || number(v) == b.n })
	case 2:
		return s.either(name, "=", "!=", a.text, func(v string) bool { return number(v) == a.n })
	}
	op := choose(s.Rand, "<", "<=", ">", ">=")
	return asserting(name, op+" "+a.text, func(v string) bool {
		switch op {
		case "<":
			return number(v) < a.n
		case "<=":
			return number(v) <= a.n
		case ">":
			return number(v) > a.n
		}
		return number(v) >= a.n
	})
}

// spelling is a number as it can be typed for a field.
type spelling struct {
	text string
	n    int64
}

func (s speaker) spelled(name string) spelling {
	switch name {
	case "srcport", "dstport", "port":
		return choose(s.Rand, spelling{"22", 22}, spelling{"ssh", 22}, spelling{"HTTPS", 443}, spelling{"1024", 1024}, spelling{"0", 0})
	case "protocol":
		return choose(s.Rand, spelling{"tcp", 6}, spelling{"17", 17}, spelling{"Udp", 17}, spelling{"icmp", 1})
	case "bytes":
		return choose(s.Rand, spelling{"1kB", 1000}, spelling{"1KiB", 1024}, spelling{"40", 40}, spelling{"1.5MB", 1500000})
	case "start":
		n := 1772445600 + s.Int64N(3)
		t := time.Unix(n, 0).In(s.zone)
		return choose(s.Rand, spelling{fmt.Sprint(n), n}, spelling{t.Format("2006-01-02T15:04:05"), n}, spelling{t.UTC().Format(time.RFC3339), n})
	}
	n := s.Int64N(4)
	return spelling{fmt.Sprint(n), n}
}

var (
	textValues = []string{"web", "Web-1", "i-0", "a'b", `a/b\c`, "", "%"}
	addrValues = []string{"10.0.0.1", "10.0.0.2", "192.0.2.7", "2001:db8::1", "::1", "fe80::1"}
)

// randomFields are the fields of random records with their values.
var randomFields = []struct {
	name   string
	values []string
}{
	{"srcaddr", addrValues},
	{"dstaddr", addrValues},
	{"pkt-srcaddr", addrValues},
	{"srcport", []string{"0", "22", "443", "1024"}},
	{"dstport", []string{"0", "22", "443", "1024"}},
	{"protocol", []string{"1", "6", "17"}},
	{"bytes", []string{"40", "1000", "1024", "1500000"}},
	{"packets", []string{"0", "1", "2", "3"}},
	{"tcp-flags", []string{"0", "1", "2", "3"}},
	{"start", []string{"1772445600", "1772445601", "1772445602"}},
	{"action", []string{"ACCEPT", "REJECT"}},
	{"log-status", []string{"OK", "NODATA"}},
	{"instance-tag", textValues},
	{"vpc-id", textValues},
}

// randomRecords returns records in which a comparison holds about as often as not.
func randomRecords(t *testing.T, r *rand.Rand, n int) *flowlog.Batch {
	t.Helper()
	b := flowlog.NewBatch(flowlog.KindVPC)
	for range n {
		rec := b.Append()
		for _, f := range randomFields {
			about, _ := flowlog.Lookup(f.name)
			if r.IntN(4) == 0 {
				continue
			}
			if err := rec.SetText(about.ID, choose(r, f.values...)); err != nil {
				t.Fatal(err)
			}
		}
		if r.IntN(2) == 0 {
			if err := rec.SetUnknown("shade", choose(r, textValues...)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return b
}

// TestMeaning demands that random filters mean on random records, in SQL's logic,
// what they mean by themselves, and that their text can be written and read again.
func TestMeaning(t *testing.T) {
	o := testOptions(t)
	r := rand.New(rand.NewPCG(7, 7))
	s := speaker{r, o.Zone}
	records := randomRecords(t, r, 60)
	held := 0
	for range 3000 {
		f := s.condition(4)
		e, err := Parse(f.text, o)
		if err != nil {
			t.Fatalf("%s: %v", f.text, err)
		}
		checkNegations(t, e)
		checkRoundTrip(t, e, o)
		where, err := query.CompileWhere(e, flowlog.KindVPC)
		if err != nil {
			t.Fatalf("%s: %v", f.text, err)
		}
		for i := range records.Len() {
			got, err := where(records.At(i))
			if want := f.holds(records.At(i)); err != nil || got != want {
				t.Fatalf("%s, compiled to %s, gives %v, %v for record %s, want %v",
					f.text, e, got, err, flowlog.AppendJSON(nil, records.At(i)), want)
			}
			if got {
				held++
			}
		}
	}
	if all := 3000 * records.Len(); held < all/5 || held > all*4/5 {
		t.Errorf("only %d of %d answers are yes: the records are badly chosen", held, all)
	}
}

// checkNegations checks that "not" stands at single comparisons only.
func checkNegations(t *testing.T, e query.Expr) {
	t.Helper()
	c, ok := e.(*query.Call)
	if !ok {
		return
	}
	for _, a := range c.Args {
		if inner, ok := a.(*query.Call); ok && c.Func == query.Not && (inner.Func == query.And || inner.Func == query.Or || inner.Func == query.Not) {
			t.Fatalf("a negation stands before %s", inner)
		}
		checkNegations(t, a)
	}
}
