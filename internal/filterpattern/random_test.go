package filterpattern

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"weir/internal/sharedtest"
)

// oracle evaluates JSON patterns over what encoding/json reads: slow, and written another way.
type oracle struct{ doc any }

func (o oracle) holds(p *jsonPattern, n *node) bool {
	switch n.op {
	case opAnd:
		for _, m := range n.nodes {
			if !o.holds(p, m) {
				return false
			}
		}
		return true
	case opOr:
		for _, m := range n.nodes {
			if o.holds(p, m) {
				return true
			}
		}
		return false
	}
	values := []any{o.doc}
	for _, st := range p.selectors[n.selector] {
		var next []any
		for _, v := range values {
			switch v := v.(type) {
			case map[string]any:
				for k, w := range v {
					if !st.isIndex && (st.all || k == st.name) {
						next = append(next, w)
					}
				}
			case []any:
				for i, w := range v {
					if st.isIndex && (st.all || i == st.index) {
						next = append(next, w)
					}
				}
			}
		}
		values = next
	}
	if n.op == opNotExists {
		return len(values) == 0
	}
	for _, v := range values {
		if o.test(n, v) {
			return true
		}
	}
	return false
}

func (o oracle) test(n *node, v any) bool {
	switch n.op {
	case opNull:
		return v == nil
	case opTrue:
		return v == true
	case opFalse:
		return v == false
	}
	var text string
	switch v := v.(type) {
	case string:
		text = v
	case json.Number:
		text = v.String()
	case bool:
		text = strconv.FormatBool(v)
	default:
		return false
	}
	c := n.cond
	if c.number != nil {
		left, err := strconv.ParseFloat(text, 64)
		right, _ := strconv.ParseFloat(c.value, 64)
		if err != nil {
			return c.op == "!="
		}
		return map[operator]bool{
			"=": left == right, "!=": left != right, "<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right,
		}[c.op]
	}
	var re string
	if c.regex != nil {
		re = c.regex.text
	} else {
		rest, begins := strings.CutPrefix(c.value, "*")
		rest, ends := strings.CutSuffix(rest, "*")
		re = regexp.QuoteMeta(rest)
		if !begins {
			re = "^" + re
		}
		if !ends && c.value != "*" {
			re += "$"
		}
	}
	return regexp.MustCompile(re).MatchString(text) == (c.op == "=")
}

// TestJSONRandom compares random patterns over random events with the oracle.
func TestJSONRandom(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	matches, total := 0, 20_000
	for range total {
		text := "{ " + randomCondition(rnd, 0) + " }"
		p, err := Parse(text)
		if err != nil {
			if strings.Contains(err.Error(), "wildcard") || strings.Contains(err.Error(), "regular expressions") {
				continue // too many of them
			}
			t.Fatalf("%s: %v", text, err)
		}
		b, err := json.Marshal(randomObject(rnd, 0))
		if err != nil {
			t.Fatal(err)
		}
		event := string(b)
		d := json.NewDecoder(strings.NewReader(event))
		d.UseNumber()
		var doc any
		if err := d.Decode(&doc); err != nil {
			t.Fatal(err)
		}
		want := oracle{doc}.holds(p.json, p.json.root)
		if got := p.Matches(event); got != want {
			t.Fatalf("%s on %s: %v, want %v", p, event, got, want)
		}
		if got := reparse(t, p).Matches(event); got != want {
			t.Fatalf("%s on %s, printed and read: %v, want %v", p, event, got, want)
		}
		if want {
			matches++
		}
	}
	if matches < total/10 || matches > total*9/10 {
		t.Errorf("%d of %d match: the test says little", matches, total)
	}
}

var names = []string{"a", "b", "c"}

func pick(r *rand.Rand, s ...string) string { return s[r.IntN(len(s))] }

func randomCondition(r *rand.Rand, depth int) string {
	if depth < 3 && r.IntN(3) == 0 {
		op := pick(r, " && ", "||")
		parts := make([]string, 2+r.IntN(2))
		for i := range parts {
			parts[i] = randomCondition(r, depth+1)
			if r.IntN(2) == 0 {
				parts[i] = "(" + parts[i] + ")"
			}
		}
		return strings.Join(parts, op)
	}
	var sel strings.Builder
	sel.WriteString("$." + pick(r, names...))
	for range r.IntN(3) {
		sel.WriteString(pick(r, ".a", ".b", "[0]", "[1]", ".['c']"))
	}
	if r.IntN(4) == 0 {
		sel.WriteString(pick(r, ".*", "[*]"))
	}
	switch r.IntN(8) {
	case 0:
		return sel.String() + " IS " + pick(r, "NULL", "TRUE", "FALSE")
	case 1:
		return sel.String() + " NOT EXISTS"
	case 2:
		return sel.String() + pick(r, "<", "<=", ">", ">=", "=", "!=") + pick(r, "0", "1", "-2.5", "1e1", "10.0")
	case 3:
		return sel.String() + pick(r, "=", "!=") + pick(r, "%^x%", "%y$%", "%[0-9]%")
	}
	return sel.String() + " " + pick(r, "=", "!=") + " " + pick(r, "x", `"x*"`, "*y", `"*"`, `""`, "*x*", "x*y", "true", `"1"`, "1*")
}

func randomObject(r *rand.Rand, depth int) map[string]any {
	out := map[string]any{}
	for _, n := range names {
		if r.IntN(4) > 0 {
			out[n] = randomValue(r, depth+1)
		}
	}
	return out
}

func randomValue(r *rand.Rand, depth int) any {
	if depth < 4 {
		switch r.IntN(4) {
		case 0:
			return randomObject(r, depth)
		case 1:
			out := make([]any, r.IntN(3))
			for i := range out {
				out[i] = randomValue(r, depth+1)
			}
			return out
		}
	}
	return []any{nil, true, false, 0, 1, -2.5, 10, 100, "", "x", "xy", "y", "x*y", "1", "a\"\\\nx"}[r.IntN(15)]
}

// TestSpaceRandom makes events of fields, and patterns that must match them because of how both are made,
// or must not, because one condition was made wrong.
func TestSpaceRandom(t *testing.T) {
	rnd := rand.New(rand.NewPCG(9, 10))
	for range 5_000 {
		n := 1 + rnd.IntN(8)
		values, words := make([]string, n), make([]string, n)
		for i := range values {
			values[i] = pick(rnd, "a", "abc", "10", "-", "a b", "10.0.0.1", "ERROR:")
			words[i] = values[i]
			if strings.Contains(values[i], " ") {
				words[i] = pick(rnd, `"`+values[i]+`"`, "["+values[i]+"]")
			}
		}
		event := strings.Join(words, pick(rnd, " ", "\t", "  "))
		items := make([]string, n)
		wrong := rnd.IntN(2*n) - n // from 0 on it is wrong
		for i := range items {
			items[i] = fmt.Sprintf("f%d", i)
			if i == wrong {
				items[i] += pick(rnd, " = zzz", fmt.Sprintf(` != %q`, values[i]), " > 1000", " = %^z%")
			} else if rnd.IntN(2) == 0 {
				items[i] += pick(rnd, fmt.Sprintf(` = "%s"`, values[i]), fmt.Sprintf(` = "%s*"`, values[i][:1]), " != zzz", " = *")
			}
		}
		if from := rnd.IntN(n + 1); rnd.IntN(2) == 0 { // an ellipsis for some items that are not wrong
			to := from + rnd.IntN(n+1-from)
			if wrong < from || wrong >= to {
				items = append(append(append([]string{}, items[:from]...), "..."), items[to:]...)
			}
		}
		text := "[" + strings.Join(items, ", ") + "]"
		p, err := Parse(text)
		if err != nil {
			if strings.Contains(err.Error(), "regular expressions") {
				continue
			}
			t.Fatalf("%s: %v", text, err)
		}
		fields, got := p.Match(event)
		if got != (wrong < 0) || p.Matches(event) != got || reparse(t, p).Matches(event) != got {
			t.Fatalf("%s on %q: %v", text, event, got)
		}
		if got {
			for i, f := range fields {
				if f.Value != values[i] {
					t.Fatalf("%s on %q: field %d is %q", text, event, i, f.Value)
				}
			}
		}
	}
}

// seeds adds the patterns and events of the vectors to a fuzz target.
func seeds(f *testing.F, add func(pattern, message string)) {
	if _, ok := sharedtest.Find(f, "data", "vectors", "filter_patterns.json"); !ok {
		return
	}
	var vectors []struct {
		Pattern string
		Match   []string
	}
	load(f, "filter_patterns.json", &vectors)
	for _, v := range vectors {
		add(v.Pattern, strings.Join(v.Match, "\n"))
	}
}

// FuzzParse looks for patterns that break the parser, that are printed as another pattern, or whose errors
// have no place.
func FuzzParse(f *testing.F) {
	seeds(f, func(pattern, _ string) { f.Add(pattern) })
	f.Add(`{ ($.a[*].['b'] != "x\"*" || $.c IS NULL) && $.d NOT EXISTS }`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(text)
		if err != nil {
			e, ok := err.(*Error) //nolint:errorlint // never wrapped
			if !ok || e.Offset < 0 || e.Offset > len(text) {
				t.Fatalf("%#v", err)
			}
			_ = e.Caret(text)
			return
		}
		if printed := p.String(); len(printed) <= MaxLength {
			reparse(t, p)
		}
	})
}

// FuzzMatch looks for messages that break the matching, or that both ways of it see differently.
func FuzzMatch(f *testing.F) {
	seeds(f, func(pattern, message string) { f.Add(pattern, message) })
	f.Add(`{ $.a[*].b = 1 || $.c.* != "\u00e9" }`, `{"a":[{"b":1}],"c":{"d":"\u00e9"},"e":"\`)
	f.Fuzz(func(t *testing.T, text, message string) {
		p, err := Parse(text)
		if err != nil {
			return
		}
		fields, ok := p.Match(message)
		if p.Matches(message) != ok {
			t.Fatal("Match and Matches differ")
		}
		for _, e := range fields {
			if !strings.HasPrefix(e.Name, "$") || !strings.Contains(message, e.Value) {
				t.Fatalf("%+v", e)
			}
		}
		if p.Kind() == JSON && ok && !json.Valid([]byte(message)) {
			t.Fatal("what is no JSON matches")
		}
	})
}

func BenchmarkMatches(b *testing.B) {
	record := "2 123456789010 eni-1235b8ca123456789 172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1418530010 1418530070 REJECT OK"
	event := `{"eventVersion":"1.05","userIdentity":{"type":"AssumedRole","principalId":"AROA:x","sessionContext":{"attributes":{"mfa":"false"}}},` +
		`"eventTime":"2019-11-27T23:18:51Z","eventSource":"sts.amazonaws.com","eventName":"GetCallerIdentity","awsRegion":"us-east-1","errorCode":"AccessDenied"}`
	for _, bb := range []struct{ name, pattern, message string }{
		{"term", "REJECT", record},
		{"terms", "REJECT -ACCEPT 3389", record},
		{"regex", "%REJECT OK$%", record},
		{"space", `[version, account, eni, source, destination, srcport, destport="22", protocol="6", packets, bytes, windowstart, windowend, action="REJECT", flowlogstatus]`, record},
		{"ellipsis", `[..., action = REJECT, status]`, record},
		{"json", `{ $.eventName = Get* && $.userIdentity.type = AssumedRole }`, event},
		{"json-none", `{ ($.eventName = CreateRoute) || ($.eventName = ReplaceRoute) || ($.eventName = DeleteRoute) }`, event},
	} {
		b.Run(bb.name, func(b *testing.B) {
			p := parse(b, bb.pattern)
			b.SetBytes(int64(len(bb.message)))
			b.ReportAllocs()
			for b.Loop() {
				p.Matches(bb.message)
			}
		})
	}
}
