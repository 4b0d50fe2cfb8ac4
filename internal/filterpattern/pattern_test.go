package filterpattern

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMatches(t *testing.T) {
	const (
		web    = `127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534`
		nodata = "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA"
		lambda = "2016-11-01T12:00:00.000Z\t1a2b-3c4d\tTask timed out\n"
		event  = `{"s":"text","n":4.50,"big":9007199254740993,"t":true,"z":null,"o":{"k":"v","x.y":1},"a":[1,"b",{"c":2}],"q":"a\"b\\c","d":1,"d":2,"num":"404"}`
	)
	tests := []struct {
		pattern, message string
		want             bool
	}{
		{"", "", true},
		{"  ", "anything", true},
		{`""`, "anything", true},
		{"ERROR", "Exiting with ERRORCODE: -1", true},
		{"ERROR", "error", false},
		{"-ERROR", "fine", true},
		{"-ERROR", "ERROR", false},
		{`"ERROR" - "Exiting"`, "Exiting with ERRORCODE: -1", false},
		{`"ERROR" - "Exiting"`, "ERROR", true},
		{"?ERROR ?WARN INFO", "ERROR", false},
		{"?ERROR ?WARN INFO", "INFO", true},
		{"?ERROR -WARN", "nothing of it", true},
		{`?"a b" ?c`, "xa bx", true},
		{`"a\"b\\c"`, `a"b\c`, true},
		{`"a\b"`, `a\b`, true},
		{`-%[0-9]+%`, "abc", true},
		{`-%[0-9]+%`, "a1c", false},
		{`%\x28ab\x29%`, "x(ab)", true},
		{`%a{3,5}%`, "aa", false},
		{`%^a{2}$%`, "aa", true},
		{`%[\]\-a]%`, "-", true},
		{`%a.b%`, "a\nb", false},

		{"[]", "", true},
		{"[]", "a b c", true},
		{"[...]", "", true},
		{"[a]", "", false},
		{"[a]", "x", true},
		{"[a]", "x y", true},
		{"[a = x]", "x y", false},
		{"[a = x]", " x ", true},
		{"[a, b]", "x", false},
		{"[a, b, c = z]", "x y z", true},
		{"[a, b, c = z]", "x y z z", false},
		{"[w1=ERROR,]", "ERROR is here", true},
		{"[w1=ERROR,]", "ERROR", false},
		{"[, , a = c]", "a b c", true},
		{"[..., status_code, bytes]", web, true},
		{"[..., status_code = 404, bytes]", web, true},
		{"[..., status_code = 404, bytes]", web + " more", false},
		{"[ip, user, ..., status_code = 4*, bytes > 1533.5]", web, true},
		{"[ip, ..., a, b, c, d, e, f, g]", web, false},
		{"[ip, ..., a, b, c, d, e, f]", web, true},
		{`[ip, user, username, timestamp = "*-0700", request = "GET *", status_code != 500 && status_code >= 400, bytes]`, web, true},
		{"[a, b, c, d, e, f, g = 22 || g = 3389, ...]", nodata, false},
		{"[a, b, c, d, e, f, g != 22, ...]", nodata, true},
		{"[a, b, c, d, e, f, g < 22 || g >= 22, ...]", nodata, false},
		{"[a = 1 || a = 2 && a = 3]", "1", true},
		{"[a = 1 || a = 2 && a = 3]", "2", false},
		{"[a = 22]", "22.0", true},
		{`[a = "22"]`, "22.0", false},
		{`[a = "Ev*ent"]`, "Ev*ent", true},
		{`[a = Ev*ent]`, "Event", false},
		{`[timestamp=*Z, request_id="*-*", event]`, lambda, true},
		{`[a = "x y", b]`, `"x y" z`, true},
		{`[a = "x y", b]`, `[x y] z`, true},
		{`[a = "[ERROR]:", b]`, `[ERROR]: z`, true},
		{`[a = "[x", b]`, `[x y`, true},
		{`[a = "a \\\"b\\\" c", b]`, `"a \"b\" c" z`, true},
		{`[a = %^x.z$%, b = %[0-9]%]`, `"x z" 5`, true},

		{`{ $.s = "text" }`, event, true},
		{`{ $.s = "text" }`, "2026 " + event, false},
		{`{ $.s = "text" }`, event + "}", false},
		{`{ $.s = "text" }`, "\n " + event + " \n", true},
		{`{ $.s = text }`, `["s"]`, false},
		{`{ $.s = "text" }`, `{"s":"text",}`, false},
		{`{ $.s != "other" }`, `{"s":"text",}`, false},
		{`{ $.s != other }`, event, true},
		{`{ $.missing != other }`, event, false},
		{`{ $.n = 4.5 }`, event, true},
		{`{ $.n = 45e-1 }`, event, true},
		{`{ $.n = "4.50" }`, event, true},
		{`{ $.n = "4.5" }`, event, false},
		{`{ $.n = 4* }`, event, true},
		{`{ $.n = * }`, event, true},
		{`{ $.n = "*" }`, event, true},
		{`{ $.z = * }`, event, false},
		{`{ $.z != 1 }`, event, false},
		{`{ $.z IS NULL }`, event, true},
		{`{ $.z not exists }`, event, false},
		{`{ $.s is null }`, event, false},
		{`{ $.big = 9007199254740993 }`, event, true},
		{`{ $.big = 9007199254740992 }`, event, false},
		{`{ $.big > 9007199254740992 && $.big < 9007199254740994 }`, event, true},
		{`{ $.num = 404 }`, event, true},
		{`{ $.num >= 400 && $.num < 500 }`, event, true},
		{`{ $.s > 1 }`, event, false},
		{`{ $.t IS TRUE && $.t = true }`, event, true},
		{`{ $.t IS FALSE }`, event, false},
		{`{ $.o = * || $.o != x || $.a = * }`, event, false},
		{`{ $.o NOT EXISTS }`, event, false},
		{`{ $.o.k = v && $.o['x.y'] = 1 && $.o.['x.y'] = 1 }`, event, true},
		{`{ $.o.* = v }`, event, true},
		{`{ $.a[0] = 1 && $.a[1] = b && $.a[2].c = 2 && $.a[3] NOT EXISTS }`, event, true},
		{`{ $.a[*] = b }`, event, true},
		{`{ $.a[*].c = 2 }`, event, true},
		{`{ $.a[*].c NOT EXISTS }`, event, false},
		{`{ $.a.* = b }`, event, false},
		{`{ $.o[0] NOT EXISTS }`, event, true},
		{`{ $.q = "a\"b\\c" }`, event, true},
		{`{ $.d = 2 }`, event, true},
		{`{ $.d = 1 }`, event, false},
		{`{ $.detail-type = x }`, `{"detail-type":"x"}`, true},
		{`{ $.ka = x }`, `{"k\u0061":"x"}`, true},
		{`{ $.a = 1 || $.b = 1 && $.c = 1 }`, `{"a":1}`, true},
		{`{ ($.a = 1 || $.b = 1) && $.c = 1 }`, `{"a":1}`, false},
		{`{ $.['it\'s'] = 1 }`, `{"it's":1}`, true},
		{`{ $.a = %^[a-z]+$% }`, `{"a":"xyz"}`, true},
		{`{ $.a != %^[a-z]+$% }`, `{"a":"xyz"}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.pattern, func(t *testing.T) {
			p := parse(t, tt.pattern)
			if got := p.Matches(tt.message); got != tt.want {
				t.Errorf("%s on %q: %v", p, tt.message, got)
			}
			if _, got := p.Match(tt.message); got != tt.want {
				t.Errorf("Match of %s on %q: %v", p, tt.message, got)
			}
			if got := reparse(t, p).Matches(tt.message); got != tt.want {
				t.Errorf("%s, printed and read, on %q: %v", p, tt.message, got)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	tests := []struct {
		pattern string
		offset  int
		message string
	}{
		{"foo:bar", 3, "Invalid character(s) in term ':'"},
		{"Status: timeout", 6, "Invalid character(s) in term ':'"},
		{"2026-03-02", 4, "Invalid character(s) in term '-'"},
		{"grüße", 2, "Invalid character(s) in term 'ü'"},
		{`"a"b`, 3, "Invalid character(s) in term 'b'"},
		{`a "b`, 2, "a quotation mark is not closed"},
		{"a -", 3, "a term must follow -"},
		{"?-a", 1, "Invalid character(s) in term '-'"},
		{"(a)", 0, "Invalid character(s) in term '('"},
		{"%a", 0, "a regular expression is not closed"},
		{"%%", 1, "a regular expression is empty"},
		{"%(ab)c%", 1, "Invalid character(s) in term '('"},
		{`%\(%`, 2, "Invalid character(s) in term '('"},
		{"%something!%", 10, "Invalid character(s) in term '!'"},
		{`%a\bc%`, 3, "Invalid character(s) in term 'b'"},
		{`%\x8f%`, 2, "Invalid character(s) in term 'x'"},
		{"%\u00e9%", 1, "Invalid character(s) in term 'é'"},
		{"%[a[b]]%", 3, "a character class may not have another one in it"},
		{"%[]a]%", 1, "a character class is empty"},
		{"%[ab%", 1, "a character class is not closed"},
		{"%a{x}%", 2, "{ repeats nothing"},
		{"%a++%", 1, "invalid nested repetition operator"},
		{"%*a%", 1, "missing argument to repetition operator"},
		{"%a{1000}a{1000}%", 1, "the regular expression is too large"},
		{"%a{1001}%", 1, "invalid repeat count"},
		{"%a{2,1}%", 1, "invalid repeat count"},
		{`%a\%`, 2, `nothing stands behind \`},
		{"%a% %b% %c%", 8, "more than 2 regular expressions"},

		{"[a, b", 0, "If a filter pattern starts with '[' it must end with ']'"},
		{"[a] b", 4, "If a filter pattern starts with '[' it must end with ']'"},
		{"[a, ..., b, ...]", 12, "... may stand once"},
		{"[a, b, a]", 7, "the field 'a' stands twice"},
		{"[a, …]", 4, "Invalid character(s) in term '…'"},
		{"[a b]", 3, "expected =, !=, <, <=, > or >="},
		{"[a = ]", 5, "a value is missing"},
		{"[a == b]", 3, "'==' is no operator"},
		{"[a =! b]", 3, "'=!' is no operator"},
		{"[a < b]", 5, "< compares numbers"},
		{`[a >= "5"]`, 6, ">= compares numbers"},
		{"[a = b/c]", 6, "Invalid character(s) in term '/'"},
		{"[a = 4* && b > 5]", 11, "expected the field 'a' again"},
		{"[a = 1 || ]", 10, "expected the field 'a' again"},
		{"[(a = 1)]", 1, "Invalid character(s) in term '('"},
		{`["a"]`, 1, `Invalid character(s) in term '"'`},

		{"{ $.a = 1", 9, "If a filter pattern starts with '{' it must end with '}'"},
		{"{ $.a = 1 } x", 12, "If a filter pattern starts with '{' it must end with '}'"},
		{"{}", 1, "a condition is missing"},
		{"{ $.a = 1 && }", 13, "a condition is missing"},
		{"{ $.a = 1 & $.b = 1 }", 10, "expected && or ||"},
		{`{ $.message = "error-response", $.path = "/authenticate" }`, 30, "Invalid character(s) in term ','"},
		{`{ $."sc-status" = 5* }`, 4, `Invalid character(s) in term '"'`},
		{"{ $ = 1 }", 2, "expected a selector"},
		{"{ $[0] = 1 }", 3, "an index must follow a property"},
		{"{ $.a[-1] = 1 }", 6, "expected an index"},
		{"{ $.a[1 = 1 }", 7, "expected ]"},
		{"{ $.@timestamp = 1 }", 4, "Invalid character(s) in term '@'"},
		{"{ $.a..b = 1 }", 6, "Invalid character(s) in term '.'"},
		{"{ a = 1 }", 2, "Invalid character(s) in term 'a'"},
		{"{ ($.a = 1 }", 2, "a parenthesis is not closed"},
		{"{ $.a = arn:aws }", 11, "Invalid character(s) in term ':'"},
		{"{ $.a IS NOT NULL }", 9, "expected NULL, TRUE or FALSE"},
		{"{ $.a EXISTS }", 6, "EXISTS stands behind NOT only"},
		{"{ $.a NOT NULL }", 10, "expected EXISTS"},
		{"{ $.a.*.b[*] = 1 }", 9, "a selector may have one wildcard"},
		{"{ $.* = 1 || $.* = 2 || $.* = 3 || $.* = 4 }", 0, "4 selectors with a wildcard, 3 are allowed"},
		{"{ $.a > text }", 8, "> compares numbers"},
		{"{ $.a = %a% || $.a = %b% || $.a = %c% }", 34, "more than 2 regular expressions"},
		{"{ " + strings.Repeat("(", 200) + "$.a = 1" + strings.Repeat(")", 200) + " }", 102, "more than 100 parentheses"},
		{strings.Repeat("a", 1025), 0, "it has 1025 characters, 1024 are allowed"},
		{"a\xff", 0, "it is not UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.pattern[:min(40, len(tt.pattern))], func(t *testing.T) {
			p, err := Parse(tt.pattern)
			e, ok := errors.AsType[*Error](err)
			if !ok {
				t.Fatalf("%s is taken as %s", tt.pattern, p)
			}
			if e.Offset != tt.offset || !strings.Contains(e.Message, tt.message) {
				t.Errorf("%d: %s\nwant %d: %s\n%s", e.Offset, e.Message, tt.offset, tt.message, e.Caret(tt.pattern))
			}
		})
	}
	if _, err := Parse(strings.Repeat("é", 1022) + "x"); err == nil || strings.Contains(err.Error(), "characters, 1024") {
		t.Errorf("the length counts characters, not bytes: %v", err)
	}
}

func TestCaret(t *testing.T) {
	_, err := Parse(`"ü"` + "\tb:c")
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatal(err)
	}
	if diff := cmp.Diff("\"ü\" b:c\n     ^", e.Caret(`"ü"`+"\tb:c")); diff != "" {
		t.Error(diff)
	}
}

// TestExtract has AWS's own example of extracted values first.
func TestExtract(t *testing.T) {
	const web = `127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534`
	tests := []struct {
		pattern, message string
		want             []Extracted
	}{
		{"[..., request=*.html*, status_code=4*,]", web, []Extracted{
			{"$1", "127.0.0.1"},
			{"$2", "-"},
			{"$3", "frank"},
			{"$4", "10/Oct/2000:13:25:15 -0700"},
			{"$request", "GET /index.html HTTP/1.0"},
			{"$status_code", "404"},
			{"$7", "1534"},
		}},
		{"[ip, ..., bytes]", web, []Extracted{
			{"$ip", "127.0.0.1"},
			{"$2", "-"},
			{"$3", "frank"},
			{"$4", "10/Oct/2000:13:25:15 -0700"},
			{"$5", "GET /index.html HTTP/1.0"},
			{"$6", "404"},
			{"$bytes", "1534"},
		}},
		{"[]", `a "b c"`, []Extracted{{"$1", "a"}, {"$2", "b c"}}},
		{"[...]", `a`, []Extracted{{"$1", "a"}}},
		{"[w1=ERROR, w2]", "ERROR 09/25/2014 12:00:02 \"Failed to process request\" \n", []Extracted{
			{"$w1", "ERROR"},
			{"$w2", `09/25/2014 12:00:02 "Failed to process request"`},
		}},
		{"[w1=ERROR, w2]", `ERROR "x y"`, []Extracted{{"$w1", "ERROR"}, {"$w2", "x y"}}},
		{"ERROR", "ERROR", nil},
		{"{ $.a = 1 }", `{"a":1}`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.pattern, func(t *testing.T) {
			got, ok := parse(t, tt.pattern).Match(tt.message)
			if !ok {
				t.Fatal("no match")
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestString(t *testing.T) {
	for pattern, want := range map[string]string{
		"":                                     "",
		"  \t":                                 "",
		`ERROR  "b"`:                           "ERROR b",
		`- "a b" ?c`:                           `-"a b" ?c`,
		`"ü"`:                                  `"ü"`,
		"%a b% c":                              "%a b% c",
		"[a,b=1||b=\"2\"&&b!=3 ,...,]":         `[a, b = 1 || b = "2" && b != 3, ..., ]`,
		"[]":                                   "[]",
		"{$.a=1&&($.b=2&&$.c=3)||$.d IS null}": "{ $.a = 1 && $.b = 2 && $.c = 3 || $.d IS NULL }",
		"{($.a=1||$.b=2)&&$.['c'][0].['d e'][*]=x*}": "{ ($.a = 1 || $.b = 2) && $.c[0].['d e'][*] = x* }",
	} {
		if got := parse(t, pattern).String(); got != want {
			t.Errorf("%s: %s\nwant %s", pattern, got, want)
		}
	}
}

// TestHostile has messages that cost much where each mark is searched for anew.
func TestHostile(t *testing.T) {
	const n = 1 << 20
	for _, part := range []string{"[ ", "\" ", "[]x ", "\"\\\" ", "a\"[ "} {
		message := strings.Repeat(part, n/len(part))
		if !parse(t, "[..., last]").Matches(message) {
			t.Errorf("%q", part)
		}
		if parse(t, `{ $.a[*].b = 1 }`).Matches(`{"a":` + message) {
			t.Errorf("%q as JSON", part)
		}
	}
	if !parse(t, `{ $.a NOT EXISTS }`).Matches(`{"b":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + "}") {
		t.Error("deep arrays")
	}
}
