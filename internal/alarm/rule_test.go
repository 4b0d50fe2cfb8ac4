package alarm

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestRules(t *testing.T) {
	states := map[string]State{"a": Alarm, "b": OK, "c": InsufficientData, "d": Alarm, "with space, (and) \"more\" \\": Alarm, "CPU:high/1": Alarm}
	for rule, want := range map[string]bool{
		"TRUE":                                     true,
		"false":                                    false,
		"ALARM(a)":                                 true,
		"ALARM( \"a\" )":                           true,
		"OK(a)":                                    false,
		"INSUFFICIENT_DATA(c)":                     true,
		"NOT ALARM(b)":                             true,
		"NOT NOT ALARM(b)":                         false,
		"ALARM(b) OR ALARM(a) AND ALARM(b)":        false,
		"ALARM(a) OR ALARM(a) AND ALARM(b)":        true, // AND binds more
		"(ALARM(a) OR ALARM(a)) AND ALARM(b)":      false,
		"NOT ALARM(b) AND ALARM(a)":                true, // NOT binds more
		"NOT (ALARM(b) OR ALARM(a))":               false,
		"alarm(a) and not alarm(b)":                true,
		"ALARM(CPU:high/1)":                        true,
		`ALARM("with space, (and) \"more\" \\")`:   true,
		"AT_LEAST(2, ALARM, (a, b, c, d))":         true,
		"AT_LEAST(3, ALARM, (a, b, c, d))":         false,
		"AT_LEAST(50%, ALARM, (a, b, c, d))":       true,
		"AT_LEAST(51%, ALARM, (a, b, c, d))":       false,
		"AT_LEAST(\"50%\", OK, (\"b\", c))":        true,
		"AT_LEAST(75%, NOT OK, (a, b, c, d))":      true,
		"AT_LEAST(4, NOT OK, (a, b, c, d))":        false,
		"AT_LEAST(1, NOT INSUFFICIENT_DATA, (c))":  false,
		"\n\tALARM(a)\r\nAND\nTRUE ":               true,
		"ALARM(arn:aws:cloudwatch:x:1:alarm:a)":    true,
		`OK("arn:aws:cloudwatch:x:1:alarm:b")`:     true,
		"ALARM(a) AND ALARM(a) AND ALARM(nowhere)": false,
		// as AWS's development kit writes it
		`(((ALARM("a") OR OK("b")) AND (NOT (INSUFFICIENT_DATA("a"))) AND AT_LEAST(2, ALARM, ("a", "d")) AND AT_LEAST(60%, NOT OK, ("a", "d"))) OR FALSE)`: true,
	} {
		r, err := ParseRule(rule)
		if err != nil {
			t.Errorf("%s: %v", rule, err)
			continue
		}
		if got := r.holds(func(name string) State { return states[name] }); got != want {
			t.Errorf("%s: %v", rule, got)
		}
	}
	r, err := ParseRule("ALARM(a) OR OK(b) OR AT_LEAST(1, OK, (c, a)) OR ALARM(\"arn:aws:cloudwatch:x:1:alarm:z:y\")")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := r.Alarms(), []string{"a", "b", "c", "arn:aws:cloudwatch:x:1:alarm:z:y"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := NameOf("arn:aws:cloudwatch:x:1:alarm:z:y"); got != "z:y" {
		t.Errorf("a name with a colon: %q", got)
	}
}

func TestWrongRules(t *testing.T) {
	for rule, want := range map[string]string{
		"":                                   "character 1: the rule ends where ALARM",
		"ALARM":                              `character 6: the rule ends where "(" is expected`,
		"ALARM(":                             "character 7: the rule ends where the name or ARN",
		"ALARM()":                            `character 7: ")" stands where the name or ARN`,
		"ALARM(\"\")":                        `character 7: "" stands where the name`,
		"ALARM(a":                            `character 8: the rule ends where ")" is expected`,
		"ALARM(a b)":                         `character 9: a name with a space or a quote in it has to be quoted: "a b"`,
		"ALARM(\"a":                          "character 7: the quote is not closed",
		"ALARM(a) ALARM(b)":                  `character 10: "ALARM" stands where the end, AND or OR`,
		"ALARM(a) OR":                        "character 12: the rule ends where ALARM",
		"ALARM(a) XOR OK(b)":                 `character 10: "XOR" stands where`,
		"NOT":                                "character 4: the rule ends",
		"(ALARM(a)":                          `character 10: the rule ends where ")"`,
		"ALARM(a))":                          `character 9: ")" stands where the end`,
		"BROKEN(a)":                          `character 1: "BROKEN" stands where ALARM, OK`,
		"ärger AND ALARM(a)":                 `character 1: "ärger"`,
		"OK(ä) Ä":                            "character 7:",
		"TRUE \"\"":                          `character 6: "" stands where the end`,
		"AT_LEAST(0, ALARM, (a))":            `character 10: "0" stands where a number from 1`,
		"AT_LEAST(101%, ALARM, (a))":         `character 10: "101%"`,
		"AT_LEAST(1.5, ALARM, (a))":          `character 10: "1.5"`,
		"AT_LEAST(2, ALARM, (a))":            "character 10: at least 2 of 1 alarms never comes",
		"AT_LEAST(1, BAD, (a))":              `character 13: "BAD" stands where`,
		"AT_LEAST(1, ALARM, a)":              `character 20: "a" stands where "("`,
		"AT_LEAST(1, ALARM, ())":             `character 21: ")" stands where the name`,
		"AT_LEAST(1, ALARM, (a,))":           `character 23: ")" stands where the name`,
		"AT_LEAST(1, ALARM(a), ALARM(b))":    `character 18: "(" stands where ","`,
		strings.Repeat("(", 600):             "more than 500 elements",
		strings.Repeat("NOT ", 600):          "more than 500 elements",
		strings.Repeat(" ", 10241):           "10241 characters, more than 10240",
		manyAlarms(101):                      "names more than 100 alarms",
		"AT_LEAST(1, ALARM, " + "(a) OR (b)": `stands where ")"`,
	} {
		_, err := ParseRule(rule)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, not %s", rule, err, want)
		}
	}
	if _, err := ParseRule(manyAlarms(100)); err != nil {
		t.Error(err)
	}
}

func manyAlarms(n int) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprintf("ALARM(a%d)", i)
	}
	return strings.Join(parts, " OR ")
}

// FuzzRule checks that a rule is read or refused with a place, and that what is read means the same when it is written in full.
func FuzzRule(f *testing.F) {
	for _, rule := range []string{
		"ALARM(a) AND NOT OK(\"b c\") OR (FALSE)", "AT_LEAST(50%, NOT ALARM, (a, \"b\"))", `OK("\"\\")`, "NOT NOT TRUE", "ALARM(arn:aws:cloudwatch:r:1:alarm:x)", "((", "\"",
	} {
		f.Add(rule)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseRule(text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "AlarmRule") {
				t.Fatalf("an error without its place: %v", err)
			}
			return
		}
		again, err := ParseRule(written(r.root))
		if err != nil {
			t.Fatalf("%q was written as %q: %v", text, written(r.root), err)
		}
		names := map[string]bool{}
		for _, a := range r.Alarms() {
			names[NameOf(a)] = true
		}
		for i := range 4 {
			state := func(name string) State { return []State{OK, Alarm, InsufficientData}[(len(name)+i*i)%3] }
			if r.holds(state) != again.holds(state) {
				t.Fatalf("%q and %q differ", text, written(r.root))
			}
		}
		for _, a := range again.Alarms() {
			delete(names, NameOf(a))
		}
		if len(names) > 0 {
			t.Fatalf("%q loses %v", text, slices.Collect(maps.Keys(names)))
		}
	})
}

// written writes a rule in full.
func written(n ruleNode) string {
	quote := func(name string) string { return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"` }
	all := func(parts []ruleNode, between string) string {
		texts := make([]string, len(parts))
		for i, p := range parts {
			texts[i] = written(p)
		}
		return strings.Join(texts, between)
	}
	switch n := n.(type) {
	case inState:
		return string(n.state) + "(" + quote(n.name) + ")"
	case constant:
		return strings.ToUpper(fmt.Sprint(bool(n)))
	case not:
		return "NOT " + written(n.of)
	case and:
		return all(n, " AND ")
	case or:
		return "(" + all(n, " OR ") + ")"
	case atLeast:
		names := make([]string, len(n.names))
		for i, name := range n.names {
			names[i] = quote(name)
		}
		percent, other := "", ""
		if n.percent {
			percent = "%"
		}
		if n.other {
			other = "NOT "
		}
		return fmt.Sprintf("AT_LEAST(%d%s, %s%s, (%s))", n.least, percent, other, n.state, strings.Join(names, ", "))
	}
	panic("a part of a rule that is not written")
}
