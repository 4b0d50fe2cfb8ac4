package insights_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/insights"
)

// TestCheckAccepts reads queries that mean something.
func TestCheckAccepts(t *testing.T) {
	for _, text := range []string{
		"fields strlen(@message) as n | stats sum(n) as s, max(@timestamp) as @t by @logStream | stats avg(s) by dateceil(@t, 5m)",
		"stats sum(x)/1024/1024 as mb by bin(5m) as @t | stats max(mb) as peak by dateceil(@t, 10m)",
		"stats max(a / 1000) as p, avg(b) as q, p - q as rest | sort rest desc",
		"stats count(*) by srcAddr | sort gone | fields gone | filter gone = 1",
		"stats topk(3, status)",
		"stats count(*) by bin(5m) offset 1h | fillmissing with 0 for `count(*)`",
		"stats countOverTime(a), sum_over_time(b) by bin(1m)",
		"stats percentile(a, 99.9), pct(b, 50), count_distinct(c), collect_values(d), histogram(e, 10), rate(f, 1m)",
		"stats stddev(a), variance(a), median(a), min(a), avg(a), earliest(a), latest(a), sortsFirst(a), sortsLast(a)",
		"stats values(a) as m by b | stats count(m.x)",
		"parse @message /(?<a>\\d+)-(?:x)(?<b>y)?/ | stats sum(a) by b",
		"sort a | dedup a, m.b[0] | limit 5 | estimate",
		"stats count(*) by jsonParse(a).b[0] | sort jsonParse(a).b",
		"filterIndex a = 1 and b in ['x', 'y']",
		"fields case(a = 1, 'x', b = 2, 'y', 'z'), if(a, b, c), coalesce(a, b, c, d)",
		"fields regexReplace(a, /x/, 'y'), regexReplace(a, 'x', 'y')",
		"filter id in (SOURCE 'g' | filter x = 1 | stats count(*) as n by id | filter n > 3 | fields id)",
		"filter id in (SOURCE 'g' | fields otherName)",
		"join left=a right=b where a.k = b.k (SOURCE 'g' | stats count(*) as n by k) | filter b.n > 1 | stats count(*) by a.k",
		"pattern @message | sort @sampleCount asc | diff previousDay",
		"fields @timestamp | sort @timestamp desc | limit 20 | diff",
		"countFrequent a, b | filter _approxcount > 5 | stats sum(_approxcount) by a",
		"filter a like /x/ | estimate",
		"stats count(*) by a | stats count(*) as groups",
		"stats count(*) as count by action | sort by count desc",
		strings.Repeat("stats count(*) as n by a, b | ", 9) + "stats max(n) by a",
	} {
		checks(t, text)
	}
}

// TestResolve compares what names behind stats are resolved to.
func TestResolve(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"an aggregate is its column", "stats count(*) by a | sort count(*) desc", "stats count(*) by a\n| sort `count(*)` desc"},
		{"however it is spelled", "stats Sum(a + 1) by b | filter sum(a+1) > 2 | display SUM(a + 1)", "stats Sum(a + 1) by b\n| filter `Sum(a + 1)` > 2\n| display `Sum(a + 1)`"},
		{"an alias too", "stats max(x) as m by b | filter max(x) = 1 and `max(x)` = 2 and `MAX( x )` = 3 and `m` = 4", "stats max(x) as m by b\n| filter `m` = 1 and `m` = 2 and `m` = 3 and `m` = 4"},
		{"what rows are grouped by", "stats count(*) as n by bin(5m), strlen(a) | sort bin(5m), strlen(a), strlen(b)", "stats count(*) as n by bin(5m), strlen(a)\n| sort `bin(5m)`, `strlen(a)`, strlen(b)"},
		{"in an expression", "stats sum(a) by b | fields sum(a) / 2 as half", "stats sum(a) by b\n| fields `sum(a)` / 2 as half"},
		{"in a later stats", "stats sum(a) by b, c | stats max(sum(a)) as m, count(*) by c", "stats sum(a) by b, c\n| stats max(`sum(a)`) as m, count(*) by c"},
		{"backticks before stats stay", "fields `count(*)`", "fields `count(*)`"},
		{"a column of its own name stays", "stats sum(a) as `max(b)`, max(b) as c by d | sort `max(b)`", "stats sum(a) as `max(b)`, max(b) as c by d\n| sort `max(b)`"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, checks(t, tt.text).String()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestCheckRefuses compares where faults are, and what is said of them.
func TestCheckRefuses(t *testing.T) {
	for _, tt := range []struct{ name, text, place, says string }{
		{"unknown function", "fields strlenn(a)", "strlenn", `"strlen"`},
		{"unknown function, nothing near", "fields foo(a)", "foo", "no function"},
		{"too few arguments", "fields substr(a)", "substr(a)", "2 to 3"},
		{"too many arguments", "fields now(1)", "now(1)", "0 arguments"},
		{"too many branches", "fields case(" + strings.Repeat("a, 1, ", 10) + "b, 2)", "case(" + strings.Repeat("a, 1, ", 10) + "b, 2)", "21"},
		{"star", "fields strlen(*)", "strlen(*)", "*"},
		{"star of an aggregate", "stats sum(*)", "sum(*)", "*"},
		{"no period", "stats count(*) by bin(5)", "5", "period"},
		{"a period elsewhere", "fields abs(5m)", "5m", "bin"},
		{"a period elsewhere in stats", "stats sum(5m)", "5m", "bin"},
		{"a regular expression elsewhere", "fields strcontains(a, /b/)", "/b/", "regexReplace"},
		{"percent", "stats pct(a, 101)", "101", "100"},
		{"percent that is no constant", "stats pct(a, b)", "b", "100"},
		{"topk of too many", "stats topk(10001, a)", "10001", "10000"},
		{"topk of a part", "stats topk(1.5, a)", "1.5", "whole"},
		{"topk with by", "stats topk(3, a) by b", "topk(3, a)", "alone"},
		{"topk with others", "stats topk(3, a), count(*)", "topk(3, a)", "alone"},
		{"aggregate in filter", "filter count(*) > 1", "count(*)", "stats"},
		{"aggregate that is no column", "stats sum(a) by b | filter sum(c) > 1", "sum(c)", "`sum(a)`"},
		{"aggregate in an aggregate", "stats sum(avg(a))", "avg(a)", "another"},
		{"aggregate in by", "stats count(*) by max(a)", "max(a)", "can't stand here"},
		{"no aggregate", "stats a by b", "a", "count(*)"},
		{"no parentheses", "stats count by b", "count", "parentheses"},
		{"a constant", "stats 1", "1", "aggregate"},
		{"a field beside an aggregate", "stats sum(a) / b by b", "b", "neither"},
		{"two columns of a name", "stats sum(a) as x, max(a) as x", "max(a) as x", "two columns"},
		{"eleven stats", strings.Repeat("stats count(*) as n by a | ", 10) + "stats max(n)", "stats max(n)", "at most 10"},
		{"sort before two stats", "sort a | stats count(*) as n by a | stats max(n)", "sort a", "last stats"},
		{"limit before stats", "limit 5 | stats count(*) by a", "limit 5", "last stats"},
		{"limit between stats", "stats count(*) as n by a | limit 5 | stats max(n)", "limit 5", "last stats"},
		{"a field that is gone", "stats count(*) as n by a | stats max(b)", "b", "invalid reference"},
		{"a field that is gone, in by", "stats count(*) as n by a as x | stats max(n) by a", "a", "n, x"},
		{"a field that is gone behind two", "stats count(*) as n by a, b | stats max(n) as m by b | stats max(n)", "n", "invalid reference"},
		{"bin in a later stats", "stats count(*) as n by @logStream | stats avg(n) by bin(5m)", "bin(5m)", "dateceil"},
		{"bin that is a column", "stats count(*) as n by bin(5m), a | stats avg(n) by bin(5m)", "bin(5m)", "backticks"},
		{"offset without bins", "stats count(*) by a offset 1h", "1h", "bins"},
		{"a function of SQL", "fields upper(a)", "upper", "toupper"},
		{"a function of PPL", "stats count(*) by span(5m)", "span", "bin(5m)"},
		{"a percentile by name", "stats p99(a)", "p99", "pct(a, 99)"},
		{"a time before now", "filter @timestamp > ago(1h)", "ago", "now()"},
		{"a period in arithmetic", "fields @timestamp + 9h", "9h", "32400000"},
		{"countOverTime without bins", "stats countOverTime(a) by b", "countOverTime(a)", "bins"},
		{"behind dedup", "dedup a | fields b", "fields b", "only limit"},
		{"dedup of an expression", "dedup a + 1", "a + 1", "fields"},
		{"stars and names", "parse '* *' as a", "parse '* *' as a", "2 stars"},
		{"groups and names", "parse /(x)(y)/ as a", "parse /(x)(y)/ as a", "2 groups"},
		{"groups without names", "parse /(x)/", "parse /(x)/", "(?<name>"},
		{"names twice", "parse '* *' as a, a", "parse '* *' as a, a", "two fields"},
		{"filterIndex of another condition", "filterIndex a > 1", "a > 1", "filter"},
		{"two joins", "join left=a right=b where a.k=b.k (SOURCE 'x') | join left=a right=b where a.k=b.k (SOURCE 'x')", "join left=a right=b where a.k=b.k (SOURCE 'x')", "once"},
		{"a join without SOURCE", "join left=a right=b where a.k=b.k (fields c)", "fields c", "SOURCE"},
		{"a query in a query in a query", "filter a in (SOURCE 'x' | filter b in (SOURCE 'y' | fields b) | fields a)", "SOURCE 'y' | fields b", "another"},
		{"a query elsewhere", "fields a in (SOURCE 'x' | fields a)", "SOURCE 'x' | fields a", "filter"},
		{"a query that shows two columns", "filter a in (SOURCE 'x' | fields b, c)", "SOURCE 'x' | fields b, c", "b, c"},
		{"a query that shows events", "filter a in (SOURCE 'x' | filter b = 1)", "SOURCE 'x' | filter b = 1", "fields a"},
		{"estimate not last", "estimate | limit 1", "estimate", "last"},
		{"diff behind stats", "stats count(*) by a | diff", "diff", "follow stats"},
		{"two diffs", "diff | logcompare timeshift 1d", "logcompare timeshift 1d", "one diff"},
		{"diff in a query", "filter a in (SOURCE 'x' | diff)", "diff", "another"},
		{"two patterns", "pattern a | pattern b", "pattern b", "once"},
		{"fillmissing without bins", "stats count(*) by a | fillmissing", "fillmissing", "bins"},
		{"sessionize behind stats", "stats count(*) by a | sessionize a", "sessionize a", "@timestamp"},
		{"a network that is none", "filter isIpv4InSubnet(a, '10.0.0.0/33')", "'10.0.0.0/33'", "10.0.0.0/33"},
		{"a regular expression in a text", "fields regexReplace(a, '(?=x)', 'y')", "'(?=x)'", ""},
		{"a text as a condition", "filter a = 'b' or 'c'", "'c'", "no condition"},
		{"a text as the condition", "filter 'b'", "'b'", "no condition"},
		{"a text that is denied", "filter not 'b'", "'b'", "no condition"},
		{"a map in sort", "sort jsonParse(a)", "jsonParse(a)", "no map"},
		{"a map in pattern", "pattern jsonParse(a)", "jsonParse(a)", "no map"},
		{"a list in by", "stats count(*) by split(a, ',')", "split(a, ',')", "no list"},
		{"a list in an aggregate", "stats max(split(a, ','))", "split(a, ',')", "no list"},
		{"in a query", "filter a in (SOURCE 'x' | fields foo(b) as c)", "foo", "no function"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q, err := insights.ParseQuery(tt.text)
			if err != nil {
				t.Fatal(report(err, tt.text))
			}
			err = insights.Check(q, insights.CheckOptions{})
			if err == nil {
				t.Fatal("it was accepted")
			}
			if got := placeOf(err, tt.text); got != tt.place {
				t.Errorf("place %q, want %q\n%s", got, tt.place, report(err, tt.text))
			}
			if r := report(err, ""); !strings.Contains(r, tt.says) {
				t.Errorf("it does not say %q: %s", tt.says, r)
			}
		})
	}
}

// TestLookupTables checks names of lookup tables where they are known.
func TestLookupTables(t *testing.T) {
	q, err := insights.ParseQuery("lookup user_dat id OUTPUT name")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		tables []string
		hint   string
	}{
		{nil, ""},
		{[]string{"user_dat"}, ""},
		{[]string{"user_data", "x"}, "did you mean user_data?"},
		{[]string{"x", "y"}, "lookup tables are x, y"},
		{[]string{}, "there are none"},
	} {
		err := insights.Check(q, insights.CheckOptions{LookupTables: tt.tables})
		got := ""
		if e := (*insights.Error)(nil); errors.As(err, &e) {
			got = e.Hint
		}
		if got != tt.hint {
			t.Errorf("%v: hint %q, want %q", tt.tables, got, tt.hint)
		}
	}
}

// TestNotes tells of variables that were not filled in.
func TestNotes(t *testing.T) {
	q := checks(t, "filter dstPort = ${PORT} and srcPort = ${PORT} or a in (SOURCE '${x}' | filter b = ${var.b} | fields a)")
	want := []string{
		"the variable ${PORT} was not filled in: it is taken as a field of that name, which events do not have",
		"the variable ${var.b} was not filled in: it is taken as a field of that name, which events do not have",
	}
	if diff := cmp.Diff(want, q.Notes()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
