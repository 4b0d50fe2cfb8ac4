package compile_test

import (
	"fmt"
	"strings"
	"testing"

	"weir/internal/insights"
	"weir/internal/insights/compile"
	"weir/internal/insights/value"
)

// testSource has typed columns: an address and a port that may be "-", bytes, a time, and a text.
func testSource() compile.Source {
	fields := map[string]compile.Expression{
		"@timestamp": {SQL: "(s * 1000)", Kind: compile.Time, Seconds: "s"},
		"srcAddr":    {SQL: "src", Kind: compile.Text, Dash: true, Address: true},
		"dstPort":    {SQL: "port", Kind: compile.Digits, Dash: true},
		"bytes":      {SQL: "bytes", Kind: compile.Digits},
		"name":       {SQL: "name", Kind: compile.Text},
	}
	return compile.Source{From: "t", Field: func(parts []insights.FieldPart) (compile.Expression, bool) {
		return fields[parts[0].Name], !strings.HasPrefix(parts[0].Name, "@entity")
	}}
}

// Conditions on columns are such that DuckDB can hold them against statistics, and "-" is a text that columns have as
// NULL.
func TestConditions(t *testing.T) {
	for condition, want := range map[string]string{
		`dstPort = 22`:                             `(port = 22)`,
		`22 < dstPort`:                             `(port > 22)`,
		`dstPort != 22`:                            `coalesce(port <> 22, true)`,
		`dstPort = "22"`:                           `(port = 22)`,
		`dstPort = "-"`:                            `(port IS NULL)`,
		`dstPort in [22, 443]`:                     `(port IN (22, 443))`,
		`not dstPort = 22`:                         `(NOT coalesce(port = 22, false))`,
		`bytes != 5`:                               `(bytes <> 5)`,
		`srcAddr = "10.0.0.1"`:                     `(src = '10.0.0.1')`,
		`srcAddr in ["10.0.0.1", "it's"]`:          `(src IN ('10.0.0.1', 'it''s'))`,
		`isIpv4InSubnet(srcAddr, "10.1.0.0/16")`:   `(src >= '10.1.' AND src < '10.1/')`,
		`isIpv4InSubnet(srcAddr, "10.1.2.3/32")`:   `(src = '10.1.2.3')`,
		`isIpv4InSubnet(srcAddr, "10.1.128.0/17")`: `((src >= '10.1.' AND src < '10.1/') AND weir_insights_is('isIpv4InSubnet', src, '10.1.128.0/17'))`,
		`ispresent(dstPort)`:                       `true`,
		`ispresent(bytes)`:                         `(bytes IS NOT NULL)`,
		`nothing = 1`:                              `CAST(NULL AS BOOLEAN)`,
		`name like "a"`:                            `contains(name, 'a')`,
		`srcAddr like /^10\./`:                     `regexp_matches(coalesce(src, '-'), '^10\.')`,
		`name like /(?i)x/`:                        `weir_insights_match(name, '(?i)x')`,
		`@timestamp > 1000`:                        `((s * 1000) > 1000)`,
		`2 > 1`:                                    `true`,
	} {
		q, err := insights.Read("filter "+condition+" | stats count(*)", insights.CheckOptions{})
		if err != nil {
			t.Fatal(err)
		}
		p := compile.New(q, []compile.Source{testSource()}, 0, &value.Context{})
		if got := p.Count(); got != "SELECT count(*) FROM t WHERE "+want {
			t.Errorf("%s is\n%s, want\n%s", condition, got, want)
		}
	}
}

// What a plan leaves to the reference.
func TestPlans(t *testing.T) {
	for _, c := range []struct {
		query  string
		stats  bool
		enough int64 // of events
		exact  bool
		rest   int
	}{
		{"fields bytes", false, 10_000, true, 1},
		{"filter bytes > 1 | sort bytes desc | limit 3", false, 3, true, 3},
		{"sort nothing desc | limit 4", false, 4, true, 2},
		{"sort @entity.x | limit 4", false, 0, true, 2},
		{"filter bytes > 1 | dedup name", false, 0, true, 2},
		{`parse name "* *" as a, b | filter a = 1`, false, 10_000, true, 2},
		{"filter @entity.x = 1 and bytes > 1", false, 0, false, 1},
		{"stats sum(bytes) by name", true, 0, true, 0},
		{"stats sum(bytes) as b by name | filter b > 1 | sort b | limit 2", true, 0, true, 3},
		{"stats values(name)", false, 0, true, 1},
		{"filter @entity.x = 1 | stats count(*)", false, 0, false, 2},
		{"stats count(*) by bin(1h) | stats count(*)", true, 0, true, 1},
	} {
		q, err := insights.Read(c.query, insights.CheckOptions{})
		if err != nil {
			t.Fatal(err)
		}
		p := compile.New(q, []compile.Source{testSource()}, 0, &value.Context{})
		if (p.Stats != nil) != c.stats || p.Enough() != c.enough || p.Exact() != c.exact || len(p.Rest) != c.rest {
			t.Errorf("%s: stats %t, enough %d, exact %t, %d commands; want %+v", c.query, p.Stats != nil, p.Enough(), p.Exact(), len(p.Rest), c)
		}
	}
}

// Values keep their kinds in SQL.
func TestTags(t *testing.T) {
	json, ok := value.ParseJSON("2.50")
	if !ok {
		t.Fatal("no number")
	}
	for _, v := range []value.Value{value.Text(""), value.Text("n1"), value.Number(-1.5), value.Number(1 << 60), value.Bool(true), value.Bool(false), value.Time(1), json} {
		s, ok := compile.Tag(v)
		if got := compile.Untag(s); !ok || got.Kind() != v.Kind() || got.String() != v.String() {
			t.Errorf("%s %q comes back as %s %q", v.Kind(), v, got.Kind(), got)
		}
	}
	for _, v := range []value.Value{value.Absent, value.List(nil)} {
		if s, ok := compile.Tag(v); ok || !compile.Untag(s).IsAbsent() {
			t.Errorf("%s has a tag", v.Kind())
		}
	}
}

// TestLength compiles what is as long as its text, and leaves what is longer or deeper to the reference.
func TestLength(t *testing.T) {
	var doubling strings.Builder
	doubling.WriteString("fields bytes + 0 as a0")
	for i := range 30 {
		fmt.Fprintf(&doubling, " | fields a%d + a%[1]d as a%d", i, i+1)
	}
	for _, c := range []struct {
		text string
		sql  bool
	}{
		{"filter " + strings.Repeat("bytes=1 or ", 800) + "bytes=300 | stats count(*)", true},
		{"filter " + strings.Repeat("(", 60) + "bytes" + strings.Repeat(` = "x")`, 60) + " | stats count(*)", false},
		{"fields " + strings.Repeat("bytes+", 50) + "1 as a | stats sum(a)", true},
		{"fields " + strings.Repeat("bytes+", 1000) + "1 as a | stats sum(a)", false},
		{doubling.String() + " | stats sum(a3)", true},
		{doubling.String() + " | stats sum(a30)", false},
		{`filter ` + strings.Repeat("'(' = a and ", 300) + "bytes = 1 | stats count(*)", true},
	} {
		q, err := insights.Read(c.text, insights.CheckOptions{})
		if err != nil {
			t.Fatal(err)
		}
		p := compile.New(q, []compile.Source{testSource()}, 0, &value.Context{})
		if (p.Stats != nil) != c.sql {
			t.Errorf("%.80s: in SQL: %v", c.text, p.Stats != nil)
		}
		if p.Stats != nil && len(p.Stats.SQL) > 1<<20 {
			t.Errorf("%.80s: %d bytes of SQL", c.text, len(p.Stats.SQL))
		}
	}
}
