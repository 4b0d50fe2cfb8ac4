package contributor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
)

func format(t testing.TB, text string) flowlog.Format {
	t.Helper()
	f, err := flowlog.ParseLogFormat(text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFits(t *testing.T) {
	standard := flowlog.DefaultFormat(flowlog.KindVPC).String()
	contribution := func(fields, rest string) string {
		return clf + `"Fields":{` + fields + `},"Contribution":{"Keys":["1"]` + rest + `},"AggregateOn":"Sum"}`
	}
	for _, c := range []struct{ name, definition, format, want string }{
		{"AWS's sample", awsSamples["Rejected TCP connections, which sums without a value"], standard, ""},
		{"the 23rd field of 14", awsSamples["AWS CLI"], standard, "tcp-flag is field 23, and the log group's LogFormat has 14 fields"},
		{"a position of its own", contribution(``, `,"ValueOf":"15"`), standard, "one of the rule's fields is field 15, and the log group's LogFormat has 14 fields"},
		{"JSON", jsonRule + `"Contribution":{"Keys":["$.a"]},"AggregateOn":"Count"}`, standard, "the rule is for JSON, and the log group has flow log records: LogFormat must be CLF"},
		{"a sum of addresses", contribution(``, `,"ValueOf":"4"`), standard, "ValueOf is srcaddr, field 4 of the log group's LogFormat, which is no number"},
		{"a sum of ports", contribution(``, `,"ValueOf":"7"`), standard, ""},
		{"a number compared with an action", contribution(``, `,"Filters":[{"Match":"13","NotEqualTo":1}]`), standard, "NotEqualTo compares numbers, and action, field 13 of the log group's LogFormat, is none"},
		{"a text compared with a number", contribution(``, `,"Filters":[{"Match":"7","In":["443"]}]`), standard, ""},
		{"another order", contribution(`"4":"srcaddr"`, `,"Filters":[{"Match":"srcaddr","IsPresent":true}]`), "${srcaddr} ${dstaddr} ${bytes} ${action}", "field 4 is named srcaddr in the rule, and the log group's LogFormat has action there"},
		{"other words", contribution(`"4":"who"`, `,"Filters":[{"Match":"who","IsPresent":true}]`), "${srcaddr} ${dstaddr} ${bytes} ${action}", ""},
		{"underscores", contribution(`"1":"interface_id"`, `,"Filters":[{"Match":"interface_id","IsPresent":true}]`), "${interface-id} ${bytes}", ""},
		{"a field that nobody knows", contribution(``, `,"ValueOf":"2"`), "${srcaddr} ${brand-new}", ""},
	} {
		err := parse(t, c.definition).Fits(format(t, c.format))
		got := ""
		if err != nil {
			got = err.Error()
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

// A rule counts nothing of a group that it does not fit, and says so, as long as it is so.
func TestUnfit(t *testing.T) {
	s := open(t, t.TempDir(), Options{Now: newClock().now})
	definition := strings.Replace(clf, `"g"`, `"*"`, 1) + `"Fields":{"1":"srcaddr"},"Contribution":{"Keys":["srcaddr"]},"AggregateOn":"Count"}`
	put(t, s, "rule", definition)
	send := func(group, format string) {
		t.Helper()
		if err := s.Add(t.Context(), "r", nil, []Batch{{Group: group, Format: format, Events: []Event{{hourStart * 1000, hourStart * 1000, "x y"}}}}); err != nil {
			t.Fatal(err)
		}
	}
	check := func(count float64, want ...Unfit) {
		t.Helper()
		rules, err := s.Rules(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		r := report(t, s, "rule")
		if diff := cmp.Diff(want, r.Unfit); diff != "" || !cmp.Equal(want, rules[0].Unfit) || r.AggregateValue != count {
			t.Errorf("%v: %s", r.AggregateValue, diff)
		}
	}
	send("text", "")
	send("same", "${srcaddr} ${dstaddr}")
	send("other", "${dstaddr} ${srcaddr}")
	send("more", "${dstaddr} ${srcaddr}")
	reason := "field 1 is named srcaddr in the rule, and the log group's LogFormat has dstaddr there"
	check(2, Unfit{"more", reason}, Unfit{"other", reason})
	put(t, s, "rule", definition+" ")
	check(2, Unfit{"more", reason}, Unfit{"other", reason})
	send("more", "${srcaddr} ${dstaddr}")
	check(3, Unfit{"more", reason}, Unfit{"other", reason}) // what came before did not count
	put(t, s, "rule", strings.Replace(definition, `"*"`, `"text","same"`, 1))
	check(3)
}

// A rule that does not fit a log group that is there is refused.
func TestPutRefusesWhatDoesNotFit(t *testing.T) {
	formats := map[string]string{"a": "", "b": "${srcaddr} ${bytes}", "c": "${bytes} ${srcaddr}"}
	s := open(t, t.TempDir(), Options{Now: newClock().now, LogFormats: func(context.Context) (map[string]string, error) {
		if formats == nil {
			return nil, errors.New("no groups")
		}
		return formats, nil
	}})
	for groups, want := range map[string]string{
		`"a","b"`: "",
		`"none"`:  "",
		`"*"`:     "the rule does not fit log group c: ValueOf is srcaddr, field 2 of the log group's LogFormat, which is no number",
	} {
		definition := strings.Replace(clf, `"g"`, groups, 1) + `"Contribution":{"Keys":["1"],"ValueOf":"2"},"AggregateOn":"Sum"}`
		got := ""
		if err := s.Put(t.Context(), PutRequest{Name: "rule", Definition: definition}); err != nil {
			got = err.Error()
			if e := (&InvalidError{}); !errors.As(err, &e) {
				t.Errorf("%v is a %T", err, err)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", groups, diff)
		}
	}
	formats = nil
	if err := s.Put(t.Context(), PutRequest{Name: "rule", Definition: awsSamples["AWS CLI"]}); err == nil {
		t.Error("a rule was taken without a look at the groups")
	}
}

// Ready rules count what their names say, in whatever order a LogFormat has its fields.
func TestReadyRules(t *testing.T) {
	custom := "${action} ${bytes} ${interface-id} ${dstport} ${protocol} ${dstaddr} ${srcaddr} ${log-status}"
	records := [][]string{
		{"ACCEPT", "3000000000", "eni-1", "443", "6", "10.0.0.2", "10.0.0.1", "OK"},
		{"ACCEPT", "10", "eni-2", "443", "6", "10.0.0.3", "10.0.0.1", "OK"},
		{"REJECT", "20", "eni-2", "22", "6", "10.0.0.2", "10.0.0.9", "OK"},
		{"REJECT", "20", "eni-2", "53", "17", "10.0.0.2", "10.0.0.9", "OK"},
		{"REJECT", "30", "eni-2", "53", "17", "10.0.0.2", "10.0.0.8", "OK"},
		{"-", "-", "eni-2", "-", "-", "-", "-", "NODATA"},
	}
	names := strings.Fields(strings.NewReplacer("${", "", "}", "").Replace(custom))
	want := map[string]string{
		"top-sources-by-bytes":        "10.0.0.1=3.00000001e+09 10.0.0.9=40 10.0.0.8=30",
		"top-sources-by-records":      "10.0.0.1=2 10.0.0.9=2 10.0.0.8=1",
		"top-sources-by-rejects":      "10.0.0.9=2 10.0.0.8=1",
		"top-destinations-by-bytes":   "10.0.0.2=3.00000007e+09 10.0.0.3=10",
		"top-destinations-by-records": "10.0.0.2=4 10.0.0.3=1",
		"top-destinations-by-rejects": "10.0.0.2=3",
		"top-nat-gateway-talkers":     "10.0.0.1+10.0.0.2=3e+09",
		"top-refused-ports":           "17+53=2 6+22=1",
	}
	for _, logFormat := range []string{custom, flowlog.DefaultFormat(flowlog.KindVPC).String()} {
		f := format(t, logFormat)
		b := Batch{Group: "g", Format: logFormat}
		for _, r := range records {
			line := []string{}
			for _, name := range f.Names() {
				v := "0"
				for i, n := range names {
					if n == name {
						v = r[i]
					}
				}
				line = append(line, v)
			}
			b.Events = append(b.Events, Event{hourStart * 1000, hourStart * 1000, strings.Join(line, " ")})
		}
		s := open(t, t.TempDir(), Options{Now: newClock().now})
		for _, r := range ReadyRules() {
			var interfaces []string
			if r.OfInterfaces {
				interfaces = []string{"eni-1"}
			}
			definition, err := ReadyDefinition(r.Name, "g", interfaces)
			if err != nil {
				t.Fatal(err)
			}
			put(t, s, r.Name, definition)
		}
		if err := s.Add(t.Context(), "r", nil, []Batch{b}); err != nil {
			t.Fatal(err)
		}
		for _, r := range ReadyRules() {
			got := report(t, s, r.Name)
			if list(got) != want[r.Name] || got.Unfit != nil || got.Skipped != (Skipped{}) || r.Meaning == "" {
				t.Errorf("%s: %s, want %s; %v, %v", r.Name, list(got), want[r.Name], got.Unfit, got.Skipped)
			}
		}
	}
}

func TestReadyRulesRefused(t *testing.T) {
	standard := flowlog.DefaultFormat(flowlog.KindVPC)
	many := make([]string, 1000)
	for i := range many {
		many[i] = fmt.Sprintf("eni-%017x", i)
	}
	for _, c := range []struct {
		name       string
		f          flowlog.Format
		interfaces []string
		want       string
	}{
		{"top-refused-ports", format(t, "${dstport} ${protocol} ${srcaddr}"), nil, "the log group's LogFormat has no field action"},
		{"top-sources-by-bytes", format(t, "${dstport} ${bytes}"), nil, "the log group's LogFormat has no field srcaddr"},
		{"top-sources-by-bytes", format(t, "${srcaddr} ${packets}"), nil, "the log group's LogFormat has no field bytes"},
		{"top-nat-gateway-talkers", format(t, "${srcaddr} ${dstaddr} ${bytes}"), []string{"eni-1"}, "the log group's LogFormat has no field interface-id"},
		{"top-nat-gateway-talkers", standard, nil, "top-nat-gateway-talkers needs the ids of the network interfaces it is about"},
		{"top-sources-by-bytes", standard, []string{"eni-1"}, "top-sources-by-bytes is not about particular network interfaces"},
		{"top-nat-gateway-talkers", standard, many, "top-nat-gateway-talkers can't be made for this log group: LimitExceeded: a definition has at most 8192 characters (line 1, column 8193)"},
		{"top", standard, nil, `"top" is no ready rule; they are top-sources-by-bytes, top-sources-by-records, top-sources-by-rejects, top-destinations-by-bytes, top-destinations-by-records, top-destinations-by-rejects, top-nat-gateway-talkers, top-refused-ports`},
	} {
		definition, err := ReadyDefinition(c.name, "g", c.interfaces)
		if err == nil {
			err = parse(t, definition).Fits(c.f)
		}
		if err == nil {
			t.Errorf("%s: %s", c.name, definition)
			continue
		}
		if diff := cmp.Diff(c.want, err.Error()); diff != "" {
			t.Error(diff)
		}
	}
}
