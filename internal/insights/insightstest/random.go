package insightstest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"weir/flowlog"
	"weir/internal/insights"
	"weir/internal/insights/discover"
	"weir/internal/insights/lookup"
	"weir/internal/insights/value"
)

// A Summary counts what became of random queries.
type Summary struct {
	Refused, Answered, Rows int
}

// RunRandom asks an engine random queries over random events, and compares its answers with the plain evaluator's. It
// prints the seed of what differs.
func RunRandom(t *testing.T, seed uint64, n int, engine Engine) Summary {
	t.Helper()
	s, differences := compareRandom(t, seed, n, engine)
	for _, d := range differences {
		t.Error(d)
	}
	return s
}

// CountDifferences is RunRandom for engines that are wrong: it returns how many answers differ.
func CountDifferences(t *testing.T, seed uint64, n int, engine Engine) int {
	t.Helper()
	_, differences := compareRandom(t, seed, n, engine)
	return len(differences)
}

func compareRandom(t *testing.T, seed uint64, n int, engine Engine) (s Summary, differences []string) {
	for i := range n {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		w := RandomWorld(r)
		text := RandomQuery(r)
		q, err := insights.Read(text, insights.CheckOptions{})
		if err != nil {
			s.Refused++
			continue
		}
		want, err := Reference(t.Context(), w, q)
		if err != nil {
			t.Fatalf("seed %d/%d: %s: %v", seed, i, text, err)
		}
		s.Answered++
		s.Rows += len(want.Rows)
		got, err := engine(t.Context(), w, q)
		if err == nil {
			err = Same(want, got)
		}
		if err != nil {
			differences = append(differences, fmt.Sprintf("seed %d/%d: %s: %v", seed, i, text, err))
		}
	}
	return s, differences
}

// Same says how two results differ; nil where they don't. Numbers are equal within a billionth, since sums may be
// made in another order.
func Same(want, got *insights.Result) error {
	if !slices.Equal(want.Columns, got.Columns) {
		return fmt.Errorf("columns are %q, want %q", got.Columns, want.Columns)
	}
	if len(want.Rows) != len(got.Rows) {
		return fmt.Errorf("%d rows, want %d:\n%swant\n%s", len(got.Rows), len(want.Rows), Format(got), Format(want))
	}
	for i := range want.Rows {
		for j := range want.Rows[i] {
			if x, y := want.Rows[i][j], got.Rows[i][j]; !sameValue(x, y) {
				return fmt.Errorf("row %d: %s is %s, want %s:\n%swant\n%s", i, want.Columns[j], cell(y), cell(x), Format(got), Format(want))
			}
		}
	}
	return nil
}

func sameValue(x, y value.Value) bool {
	if x.IsAbsent() || y.IsAbsent() {
		return x.IsAbsent() && y.IsAbsent()
	}
	if x.String() == y.String() {
		return true
	}
	a, aok := x.Number()
	b, bok := y.Number()
	return aok && bok && x.Kind() == value.NumberKind && math.Abs(a-b) <= 1e-9*max(math.Abs(a), math.Abs(b))
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

// RandomWorld makes some dozen events: JSON, plain text, and records of a flow log, with odd values, equal times and
// fields that are not there; and two lookup tables, users (id, name) and nets (net, owner).
func RandomWorld(r *rand.Rand) *World {
	w := &World{Tables: map[string]*lookup.Table{}, Fields: discover.Options{Region: Region}}
	format := flowlog.DefaultFormat(flowlog.KindVPC)
	for i := range 5 + r.IntN(40) {
		e := discover.Event{
			Account: Account, Group: pick(r, "/a", "/b"), Stream: pick(r, "s1", "s2"),
			Timestamp: 1_700_000_000_000 + int64(r.IntN(300))*pick[int64](r, 1, 1000, 1000), Ptr: "ptr-" + strconv.Itoa(i),
		}
		e.Ingestion = e.Timestamp + int64(r.IntN(2))
		switch r.IntN(5) {
		case 0:
			e.Message = pick(r, "plain text", "", "user=ann took 12 ms", "ERROR disk [sda] full", "a | b")
		case 1:
			e.Format = &format
			e.Message = randomRecord(r)
		default:
			e.Message = randomJSON(r)
		}
		w.Events = append(w.Events, e)
	}
	w.Tables["users"], _ = lookup.Parse([]byte("id,name\nx,Ann\n1,One\n-,Dash\n"))
	w.Tables["nets"], _ = lookup.Parse([]byte("net,owner\n10.0.0.0/8,ten\n10.0.1.0/24,one\n0.0.0.0/0,all\n"))
	w.bound()
	return w
}

func randomRecord(r *rand.Rand) string {
	if r.IntN(6) == 0 {
		return "2 123456789012 eni-1 - - - - - - - 1700000000 1700000060 - NODATA"
	}
	return fmt.Sprintf("2 123456789012 %s %s %s %d %d %d %d %d 1700000000 1700000060 %s OK", pick(r, "eni-1", "eni-2"),
		pick(r, "10.0.0.1", "10.0.1.7", "8.8.8.8", "2001:db8::1"), pick(r, "10.0.0.1", "192.168.0.9"),
		pick(r, 443, 50000), pick(r, 22, 443, 3389), pick(r, 6, 17), 1+r.IntN(9), 40*r.IntN(100), pick(r, "ACCEPT", "REJECT"))
}

func randomJSON(r *rand.Rand) string {
	var members []string
	for _, name := range []string{"a", "b", "n", "s"} {
		if r.IntN(4) > 0 {
			members = append(members, fmt.Sprintf("%q:%s", name, randomScalar(r)))
		}
	}
	if r.IntN(2) == 0 {
		members = append(members, fmt.Sprintf(`"o":{"x":%s,"l":[%s,%s]}`, randomScalar(r), randomScalar(r), randomScalar(r)))
	}
	return "{" + strings.Join(members, ",") + "}"
}

func randomScalar(r *rand.Rand) string {
	return pick(r, "1", "2", "-3", "0.25", "10", "1.50", "1.5", "1e1", "-0", `"1"`, `"02"`, `"x"`, `"X"`, `"a10"`, `"a9"`, `""`, `"-"`, "true", "false", "null", `"true"`, `"é"`)
}

// RandomQuery makes a query; some are refused by the checker.
func RandomQuery(r *rand.Rand) string {
	g := &generator{r, []string{"a", "b", "n", "s", "o.x", "o.l.0", "srcAddr", "dstPort", "bytes", "protocol", "action", "missing", "@message", "@logStream"}}
	var commands []string
	if r.IntN(6) == 0 {
		commands = append(commands, "SOURCE '/a'")
	}
	for range r.IntN(4) {
		commands = append(commands, g.before())
	}
	if r.IntN(2) == 0 {
		commands = append(commands, g.stats())
		if r.IntN(3) == 0 {
			commands = append(commands, "filter "+g.condition(1))
		}
		if r.IntN(6) == 0 {
			commands = append(commands, g.stats())
		}
	}
	for range r.IntN(3) {
		commands = append(commands, g.after())
	}
	if len(commands) == 0 {
		commands = append(commands, "fields "+g.field())
	}
	return strings.Join(commands, " | ")
}

// A generator makes parts of queries of the names that there are.
type generator struct {
	r     *rand.Rand
	names []string
}

func (g *generator) field() string { return pick(g.r, g.names...) }

func (g *generator) constant() string {
	return pick(g.r, "1", "2", "0.25", "-3", "10", `"x"`, `"1"`, `"-"`, `"a10"`, `""`, "true", `"10.0.0.1"`, "443", "6", `"ACCEPT"`)
}

// expr makes an expression.
func (g *generator) expr(depth int) string {
	if depth == 0 || g.r.IntN(3) == 0 {
		if g.r.IntN(4) == 0 {
			return g.constant()
		}
		return g.field()
	}
	e := func() string { return g.expr(depth - 1) }
	return pick(g.r,
		func() string { return e() + " + " + e() },
		func() string { return e() + " * " + e() },
		func() string { return e() + " / " + e() },
		func() string { return e() + " % 3" },
		func() string { return "-" + g.field() },
		func() string { return "strlen(" + e() + ")" },
		func() string { return "toupper(" + e() + ")" },
		func() string { return "tolower(" + e() + ")" },
		func() string { return "concat(" + e() + ", \"-\", " + e() + ")" },
		func() string { return "substr(" + e() + ", 1, 2)" },
		func() string { return "replace(" + e() + ", \"1\", \"one\")" },
		func() string { return "trim(" + e() + ", \"x1\")" },
		func() string { return "coalesce(" + g.field() + ", " + e() + ")" },
		func() string { return "if(" + g.condition(0) + ", " + e() + ", " + e() + ")" },
		func() string { return "case(" + g.condition(0) + ", " + e() + ", " + g.condition(0) + ", 7)" },
		func() string { return "abs(" + e() + ")" },
		func() string { return "round(" + e() + ", 1)" },
		func() string { return "floor(" + e() + ")" },
		func() string { return "greatest(" + e() + ", " + g.field() + ")" },
		func() string { return "isNumeric(" + e() + ")" },
		func() string { return "isempty(" + g.field() + ")" },
		func() string { return "strcontains(" + g.field() + ", \"1\")" },
		func() string { return "toMillis(@timestamp) % 1000" },
		func() string { return "datefloor(@timestamp, " + pick(g.r, "10s", "1m", "1h") + ")" },
		func() string { return "jsonParse(@message).o.l[0]" },
		func() string { return "regexReplace(" + g.field() + `, /([a-z])(\d?)/, "\2\1")` },
		func() string { return "ipv4ToNumber(srcAddr)" },
	)()
}

// condition makes a condition.
func (g *generator) condition(depth int) string {
	if depth > 0 && g.r.IntN(2) == 0 {
		c := func() string { return "(" + g.condition(depth-1) + ")" }
		return pick(g.r,
			func() string { return c() + " and " + c() },
			func() string { return c() + " or " + c() },
			func() string { return "not " + c() },
		)()
	}
	return pick(g.r,
		func() string {
			return g.expr(depth) + pick(g.r, " = ", " != ", " < ", " <= ", " > ", " >= ") + g.constant()
		},
		func() string { return g.field() + pick(g.r, " = ", " != ", " < ") + g.field() },
		func() string {
			return g.field() + pick(g.r, " like ", " not like ") + pick(g.r, `"1"`, `"x"`, `"10."`, `/^[a-z]/`, `/(?i)x|ERR/`)
		},
		func() string {
			return g.field() + pick(g.r, " in ", " not in ") + "[" + g.constant() + ", " + g.constant() + "]"
		},
		func() string { return pick(g.r, "", "not ") + "ispresent(" + g.field() + ")" },
		func() string { return "isIpv4InSubnet(srcAddr, \"10.0.0.0/8\")" },
		func() string { return "@timestamp >= 1700000100000" },
		func() string { return g.field() },
	)()
}

func (g *generator) define(name string) string {
	if !slices.Contains(g.names, name) {
		g.names = append(g.names, name)
	}
	return name
}

// before makes a command that stands before any stats.
func (g *generator) before() string {
	return pick(g.r,
		func() string { return "filter " + g.condition(2) },
		func() string { return "filter " + g.condition(1) },
		func() string {
			return "fields " + g.field() + ", " + g.expr(2) + " as " + g.define(pick(g.r, "c1", "c2", "n"))
		},
		func() string { return "fields @timestamp, " + g.field() },
		func() string {
			return `parse @message "user=* took * ms" as ` + g.define("who") + ", " + g.define("took")
		},
		func() string {
			return `parse @message /(?<` + g.define("word") + `>[a-zA-Z]+)[^a-z]*(?<` + g.define("digits") + `>\d+)?/`
		},
		func() string {
			return "parse " + g.field() + ` "*1*" as ` + g.define("left") + ", " + g.define("right")
		},
	)()
}

func (g *generator) stats() string {
	r := g.r
	var aggregates, keys, known []string
	for i := range 1 + r.IntN(3) {
		name := fmt.Sprintf("agg%d", i)
		a := pick(r,
			func() string { return "count(*)" },
			func() string { return "count(" + g.field() + ")" },
			func() string { return "sum(" + g.expr(1) + ")" },
			func() string { return "avg(" + g.field() + ")" },
			func() string { return "min(" + g.field() + ")" },
			func() string { return "max(" + g.expr(1) + ")" },
			func() string { return "pct(" + g.field() + ", " + pick(r, "50", "90", "99.9") + ")" },
			func() string { return "stddev(" + g.field() + ")" },
			func() string { return "count_distinct(" + g.field() + ")" },
			func() string { return "earliest(" + g.field() + ")" },
			func() string { return "latest(" + g.field() + ")" },
			func() string { return "sortsFirst(" + g.field() + ")" },
			func() string { return "sortsLast(" + g.field() + ")" },
			func() string { return "values(" + g.field() + ")" },
			func() string { return "sum(bytes) / count(*)" },
		)()
		aggregates, known = append(aggregates, a+" as "+name), append(known, name)
	}
	for i := range r.IntN(3) {
		name := fmt.Sprintf("key%d", i)
		k := pick(r,
			func() string { return g.field() },
			func() string { return g.expr(1) },
			func() string { return "bin(" + pick(r, "1s", "30s", "1m", "2m", "300s", "1h") + ")" },
		)()
		keys, known = append(keys, k+" as "+name), append(known, name)
	}
	g.names = known
	out := "stats " + strings.Join(aggregates, ", ")
	if keys != nil {
		out += " by " + strings.Join(keys, ", ")
	}
	return out
}

// after makes a command that stands at the end.
func (g *generator) after() string {
	return pick(g.r,
		func() string { return "sort " + g.field() + pick(g.r, "", " asc", " desc") },
		func() string { return "sort " + g.expr(1) + " desc, " + g.field() },
		func() string { return "limit " + strconv.Itoa(1+g.r.IntN(8)) },
		func() string { return "display " + g.field() + ", " + g.expr(1) + " as shown" },
		func() string { return "dedup " + g.field() },
		func() string { return "fields " + g.expr(1) + " as " + g.define("f1") },
		func() string { return "accum " + g.field() + " as running" },
		func() string { return "autoregress " + g.field() + " as lag" },
		func() string { return "filldown" },
		func() string { return "lookup users id as " + g.field() + " OUTPUT name as who" },
		func() string { return "cidrlookup nets srcAddr OUTPUTNEW owner" },
		func() string { return "addtotals fieldname=Total " + g.field() + ", " + g.field() },
	)()
}
