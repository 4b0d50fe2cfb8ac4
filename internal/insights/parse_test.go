package insights_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/insights"
)

// TestPrint reads queries and compares how they are printed.
func TestPrint(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"commands in any case", "FIELDS a | Where a = 1 | ORDER BY a DESC | HEAD 5", "fields a\n| filter a = 1\n| sort a desc\n| head 5"},
		{"a pipe at the end", "fields a |", "fields a"},
		{"comments", "# first\nfields a # why\n# | filter b = 1\n| limit 1 # end", "fields a\n| limit 1"},
		{"line ends of Windows, byte order mark, spaces that do not break", "\ufefffields\u00a0a\r\n| limit\u00a01\r\n", "fields a\n| limit 1"},
		{"a # in a text, a regular expression and backticks", "filter a = '#' and `b#` like /#/", "filter a = \"#\" and `b#` like /#/"},
		{"precedence", "filter a or b and not c = 1 + 2 * -3 ^ 2", "filter a or b and not c = 1 + 2 * -3 ^ 2"},
		{"parentheses that say nothing", "filter (a or (b and (c)))", "filter a or b and c"},
		{"parentheses that say something", "filter (a or b) and (1 + 2) * 3 = (2 ^ 3) ^ 4 and (-2) ^ 2 = 4", "filter (a or b) and (1 + 2) * 3 = (2 ^ 3) ^ 4 and (-2) ^ 2 = 4"},
		{"left to right", "filter 1 - (2 - 3) - 4 = 8 / (4 / 2)", "filter 1 - (2 - 3) - 4 = 8 / (4 / 2)"},
		{"power right to left", "filter 2 ^ 3 ^ 2 = 512 and 2 ^ -1 = 0.5", "filter 2 ^ 3 ^ 2 = 512 and 2 ^ -1 = 0.5"},
		{"minus binds less than power", "filter -2 ^ 2 = -4", "filter -2 ^ 2 = -4"},
		{"not, in both spellings", "filter !ispresent(a) and not b and not (c and d)", "filter not ispresent(a) and not b and not (c and d)"},
		{"equal, in both spellings", "filter a == 1 and b = 2 and c != 3", "filter a = 1 and b = 2 and c != 3"},
		{"like and =~", `filter a like "x" and b not like 'y' and c =~ /z/ and d like /q\/r/`, `filter a like "x" and b not like "y" and c like /z/ and d like /q\/r/`},
		{"in", `filter a in [1, -2, "c"] and b not in ['x']`, `filter a in [1, -2, "c"] and b not in ["x"]`},
		{"subtraction, not a name", "fields event-name", "fields event-name"},
		{"names", "fields `event-name`, @message, a.b.`c.d`, items.0.id, `a b`.c", "fields `event-name`, @message, a.b.`c.d`, items.0.id, `a b`.c"},
		{"names of the system with other characters", "filter @`aws.tag.aws:x:stack-name` = 'a' and @aws.tag.env = 'b'", "filter `@aws.tag.aws:x:stack-name` = \"a\" and @aws.tag.env = \"b\""},
		{"positions", "fields m.users[1].action, jsonParse(x)[0].a.`b c`, y[2][3]", "fields m.users[1].action, jsonParse(x)[0].a.`b c`, y[2][3]"},
		{"positions in a path behind an element", "fields x[0].1.2, f(x).5", "fields x[0].1.2, f(x).5"},
		{"escapes", `filter a = "q\"\\ \d \n" and b = '\''`, `filter a = "q\"\\ \\d \n" and b = "'"`},
		{"text of columns", "stats  sum( bytes ) /1024 , count(*)  by  bin (5m)", "stats sum( bytes ) /1024, count(*) by bin (5m)"},
		{"comment in a column", "stats sum(a) # sum\n / 2", "stats sum(a) / 2"},
		{"words as names", "stats count(*) as count, max(x) as limit, min(y) as start by sort, filter", "stats count(*) as count, max(x) as limit, min(y) as start by sort, filter"},
		{"words that need backticks", "fields `by`, x as `in`", "fields `by`, x as `in`"},
		{"variables", "filter a = ${PORT}", "filter a = `${PORT}`"},
		{"division and regular expressions", "fields a / b / c | filter a like /b/ | fields regexReplace(a, /b\\/c/, 'd') / 2", "fields a / b / c\n| filter a like /b/\n| fields regexReplace(a, /b\\/c/, 'd') / 2"},
		{"numbers", "fields 1, 1.50, .5, 1e3, 2E-4", "fields 1, 1.50, .5, 1e3, 2E-4"},
		{"periods", "fields bin(5minutes), bin(1hr), datefloor(@timestamp, 2Weeks)", "fields bin(5minutes), bin(1hr), datefloor(@timestamp, 2Weeks)"},

		{"filterIndex", "FilterIndex f in ['a', 'b']", `filterIndex f in ["a", "b"]`},
		{"parse glob", "parse '* [*]' as a, `b c`", "parse \"* [*]\" as a, `b c`"},
		{"parse regex", "parse @message /a=(?<a>.*?) /", "parse @message /a=(?<a>.*?) /"},
		{"parse regex with names", "parse x /(\\d+)-(\\d+)/ as a, b multi | parse /(?<q>.)/ multi", "parse x /(\\d+)-(\\d+)/ as a, b multi\n| parse /(?<q>.)/ multi"},
		{"parse logfmt", "parse logfmt as m | parse a.b logfmt as n", "parse logfmt as m\n| parse a.b logfmt as n"},
		{"parse csv", "parse @message csv as a, b | parse csv as c | parse csv '*' as d", "parse @message csv as a, b\n| parse csv as c\n| parse csv \"*\" as d"},
		{"json", "json field=payload 'user.name' as n", "json field=payload \"user.name\" as n"},
		{"stats", "stats count(*) by bin(5m) as t, a offset 1d | stats max(x) offset 1h", "stats count(*) by bin(5m) as t, a offset 1d\n| stats max(x) offset 1h"},
		{"sort", "sort by a, b asc, c desc, d + 1 as e desc", "sort a, b asc, c desc, d + 1 as e desc"},
		{"limit", "limit any 5 | tail 3", "limit any 5\n| tail 3"},
		{"dedup", "dedup a, b.c", "dedup a, b.c"},
		{"pattern and diff", "pattern concat(a, b) | diff PREVIOUSweek", "pattern concat(a, b)\n| diff previousWeek"},
		{"unmask, unnest, expand", "unmask a | unnest m.list into e | expand items", "unmask a\n| unnest m.list into e\n| expand items"},
		{"lookup", "lookup t a as b, c output d as e, f", "lookup t a as b, c OUTPUT d as e, f"},
		{"cidrlookup", "cidrlookup nets srcAddr as cidr OUTPUTNEW region as r, owner", "cidrlookup nets srcAddr as cidr OUTPUTNEW region as r, owner"},
		{"join", "join right=b left=a where b.k = a.k and a.x.y == b.z (source 'g' | filter c = 1)", "join type=inner left=a right=b where a.k = b.k and a.x.y = b.z (SOURCE \"g\" | filter c = 1)"},
		{"subquery", "filter a not in (SOURCE lg | fields a) and b = 1", "filter a not in (SOURCE \"lg\" | fields a) and b = 1"},
		{"addtotals", "addtotals col=true fieldname=Sum a, b | addtotals row=FALSE | addtotals", "addtotals fieldname=Sum col=true a, b\n| addtotals row=false\n| addtotals"},
		{"accum", "accum a as b | accum c", "accum a as b\n| accum c"},
		{"autoregress", "autoregress a p=1-4 | autoregress a as b p=2 | autoregress a p=3 as c | autoregress d", "autoregress a p=1-4\n| autoregress a as b p=2\n| autoregress a as c p=3\n| autoregress d"},
		{"filldown", "filldown | filldown host cpu* *x*y `a b`, c", "filldown\n| filldown host cpu* *x*y `a b` c"},
		{"fillmissing", "fillmissing | fillmissing with 0 for a, -1.5 for b, c, 'x' for d", "fillmissing\n| fillmissing with 0 for a, -1.5 for b, c, \"x\" for d"},
		{"sessionize", "sessionize a, b maxspan 1h as s | sessionize c", "sessionize a, b maxspan 1h as s\n| sessionize c"},
		{"outlier", "outlier param=3.0 mark=true a b | outlier action=remove uselower=true c", "outlier param=3 mark=true a b\n| outlier action=remove uselower=true c"},
		{"countFrequent", "count_frequent a, b | COUNTFREQUENT c", "countFrequent a, b\n| countFrequent c"},
		{"appendcols", "appendcols override=true max=5 ( SOURCE lg | stats avg(x) as y by z ) | appendcols (fields a)", "appendcols override=true max=5 (SOURCE \"lg\" | stats avg(x) as y by z)\n| appendcols (fields a)"},
		{"logcompare and estimate", "logcompare timeshift 7d | estimate", "logcompare timeshift 7d\n| estimate"},
		{"null is a name in backticks", "filter `null` = 1", "filter `null` = 1"},

		{"SOURCE alone", "SOURCE 'a/b'", `SOURCE "a/b"`},
		{"SOURCE with times", "source 'g' START=1700000000000 END=1700003600999 | fields a", "SOURCE \"g\" START=1700000000000 END=1700003600999\n| fields a"},
		{"SOURCE with relative times", "SOURCE lg start=-1d end=now", `SOURCE "lg" START=-1d END=now`},
		{"SOURCE with a time of ISO 8601", "SOURCE lg START=2026-01-31T00:00:00.000Z END=2026-01-31T23:59:59+01:00 | fields a", "SOURCE \"lg\" START=2026-01-31T00:00:00.000Z END=2026-01-31T23:59:59+01:00\n| fields a"},
		{"SOURCE as the console writes it", `SOURCE logGroups(namePrefix: [], class: "STANDARD") START=-3600s END=0s | fields a`, "SOURCE logGroups(class: [\"STANDARD\"]) START=-3600s END=0s\n| fields a"},
		{"SOURCE of several groups", "SOURCE 'a' | SOURCE 'b' | fields x", "SOURCE \"a\" | SOURCE \"b\"\n| fields x"},
		{"SOURCE of functions", "SOURCE logGroups(namePrefix: ['a','b'], accountIdentifiers: ['111122223333'], class: ['STANDARD']) dataSource(['amazon_vpc.flow']) | limit 1", "SOURCE dataSource([\"amazon_vpc.flow\"]) logGroups(namePrefix: [\"a\", \"b\"], accountIdentifier: [\"111122223333\"], class: [\"STANDARD\"])\n| limit 1"},
		{"SOURCE of all", "SOURCE logGroups()", "SOURCE logGroups()"},
		{"SOURCE of tags", `SOURCE logGroupTags([{"key":"team","values":["a*","!b"]}, {"key":"x"}])`, `SOURCE logGroupTags([{"key": "team", "values": ["a*", "!b"]}, {"key": "x"}])`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q, err := insights.ParseQuery(tt.text)
			if err != nil {
				t.Fatal(report(err, tt.text))
			}
			if diff := cmp.Diff(tt.want, q.String()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			printsBack(t, tt.text, q)
		})
	}
}

// TestRefuse compares where faults are, and what is said of them.
func TestRefuse(t *testing.T) {
	deep := strings.Repeat("(", 300) + "a" + strings.Repeat(")", 300)
	for _, tt := range []struct{ name, text, place, says string }{
		{"nothing", "", "", "empty"},
		{"nothing but a comment", "# nothing", "", "empty"},
		{"not UTF-8", "fields a\xff", "\xff", "UTF-8"},
		{"NUL", "fields a\x00", "\x00", "NUL"},
		{"a pipe first", "| fields a", "|", "begins with a command"},
		{"no command between", "fields a | | limit 1", "|", "missing"},
		{"too long", "fields a" + strings.Repeat(" ", 10_000), strings.Repeat(" ", 8), "10000 characters"},
		{"too deep", "filter " + deep, "(", "200"},
		{"too many negations", "filter " + strings.Repeat("not ", 300) + "a", "not", "200"},
		{"unknown command", "field a", "field", `"fields"`},
		{"another language", "SELECT * FROM x", "SELECT", "another language"},
		{"anomaly", "pattern @message | anomaly", "anomaly", "machine learning"},
		{"relevantfields", "relevantfields a where b = 1", "relevantfields", "does not say"},
		{"SOURCE later", "fields a | SOURCE 'b'", "SOURCE", "beginning"},
		{"unknown sign", "filter a ? b", "?", "backticks"},
		{"straight quotes", "filter a = \u201cb\u201d", "\u201c", "straight quotes"},
		{"invisible", "filter a\u200b = 1", "\u200b", "invisible"},
		{"&&", "filter a && b", "&&", `"and"`},
		{"||", "filter a || b", "||", `"or"`},
		{"open text", "filter a = \"b\n| limit 1", "\"b", "missing"},
		{"open backtick", "fields `a", "`a", "missing"},
		{"nothing in backticks", "fields ``", "``", "missing"},
		{"open regular expression", "filter a like /b", "/b", "missing"},
		{"hexadecimal", "filter a = 0x1F", "0x1F", "decimal"},
		{"a name with a digit first", "fields 4xx", "4xx", "backticks"},
		{"part of a period", "fields bin(1.5h)", "1.5h", "90m"},
		{"no period", "stats count(*) by a offset 5", "5", "period"},
		{"null", "filter a = null", "null", "ispresent"},
		{"chain", "filter 1 < a < 3", "<", "and"},
		{"list in parentheses", `filter a in ("b", "c")`, `"b"`, "brackets"},
		{"empty list", "filter a in []", "]", "empty"},
		{"regular expression alone", "filter /error/", "/", "like"},
		{"text behind =~", "filter a =~ 'b'", "'b'", "like"},
		{"flags", "filter a like /b/i", "i", "(?i)"},
		{"look-around", "filter a like /x(?!y)/", "(?!", "look-around"},
		{"look-behind, behind a slash", `filter a like /\/x(?<=y)/`, "(?<=y)", "look-around"},
		{"back-reference", `filter a like /(x)\1/`, `\1`, "back-references"},
		{"possessive", `filter a like /x*+/`, `*+`, "possessive"},
		{"too large", `filter a like /((x{1000}){1000}){10}/`, `{1000}`, "too often"},
		{"missing parenthesis", "filter (a = 1", "", `")"`},
		{"alias in quotes", "fields a as 'b'", "'b'", "backticks"},
		{"reserved word", "fields by", "by", "backticks"},
		{"a comma too many", "stats count(*), max(a), by b", "by", "comma too many"},
		{"a comma at the end", "fields a, | limit 1", "|", "comma too many"},
		{"two words", "fields a b", "b", "commas"},
		{"a mistyped word", "stats count(*) bye a", "bye", `"by"`},
		{"a mistyped operator", "filter a lik 'b'", "lik", `"like"`},
		{"nothing to sort by", "sort desc", "desc", "before desc"},
		{"limit 0", "limit 0", "0", "100000"},
		{"limit over the top", "limit 100001", "100001", "100000"},
		{"join without sides", "join type=inner where a.b = c.d (SOURCE 'x')", "where", "left="},
		{"join of one side", "join left=a right=b where a.x = a.y (SOURCE 'x')", "a.x = a.y", "each side"},
		{"unknown option", "outlier foo=1 a", "foo", "action"},
		{"an option twice", "addtotals row=true row=false", "row", "twice"},
		{"unequal class", "SOURCE logGroups(class: ['X'])", "['X']", "STANDARD"},
		{"too many prefixes", "SOURCE logGroups(namePrefix: ['1','2','3','4','5','6'])", "['1','2','3','4','5','6']", "at most 5"},
		{"no time of ISO 8601", "SOURCE lg START=2026-13-01T00:00:00Z", "2026-13-01T00:00:00Z", "such as"},
		{"no class", "SOURCE logGroups(class: [])", "]", "text"},
		{"a comment of SQL", "-- errors\nfields a", "-", "begins with #"},
		{"a comment of other languages", "fields a // errors", "/", "begins with #"},
		{"a placeholder", "filter a in [<address>]", "<", "filled in"},
		{"a placeholder behind an operator", "filter a >= <start>", "<", "filled in"},
		{"is null", "filter a is null", "is", "ispresent"},
		{"between", "filter a between 1 and 2", "between", ">="},
		{"group by", "stats count(*) group by a", "group", "by a"},
		{"distinct", "stats count(distinct a)", "a", "countDistinct"},
		{"like as a function", "filter like(a, /x/)", "like", "behind the field"},
		{"a command without |", "fields a\nfilter b = 1", "filter", "in front of a command"},
		{"end before beginning", "SOURCE lg start=now end=-1h", "SOURCE lg start=now end=-1h", "before"},
		{"group without quotes", "SOURCE /aws/x", "/", "quotes"},
		{"months in SOURCE", "SOURCE lg start=-1mo", "-1mo", "units"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := insights.ParseQuery(tt.text)
			if err == nil {
				t.Fatal("it was read")
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
