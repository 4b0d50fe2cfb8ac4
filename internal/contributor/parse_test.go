package contributor

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/sharedtest"
)

// clf is the beginning of a rule for lines.
const clf = `{"Schema":{"Name":"CloudWatchLogRule","Version":1},"LogGroupNames":["g"],"LogFormat":"CLF",`

// jsonRule is the beginning of a rule for JSON.
const jsonRule = `{"Schema":{"Name":"CloudWatchLogRule","Version":1},"LogGroupNames":["g"],"LogFormat":"JSON",`

// parse reads a rule that is right.
func parse(t testing.TB, definition string) *Rule {
	t.Helper()
	r, err := ParseRule([]byte(definition))
	if err != nil {
		t.Fatalf("%v in %s", err, definition)
	}
	return r
}

// awsSamples are the rules of AWS's user guide and of its CLI's examples that are not among the vectors.
var awsSamples = map[string]string{
	"Rejected TCP connections, which sums without a value": `{
    "Schema": {"Name": "CloudWatchLogRule", "Version": 1},
    "LogGroupNames": ["/aws/containerinsights/sample-cluster-name/flowlogs"],
    "LogFormat": "CLF",
    "Fields": {"3": "interfaceID", "4": "sourceAddress", "8": "protocol", "13": "action"},
    "Contribution": {
        "Keys": ["interfaceID", "sourceAddress"],
        "Filters": [{"Match": "protocol", "EqualTo": 6}, {"Match": "action", "In": ["REJECT"]}]
    },
    "AggregateOn": "Sum"}`,
	"rule syntax, JSON": `{
    "Schema": {"Name": "CloudWatchLogRule", "Version": 1},
    "LogGroupNames": ["API-Gateway-Access-Logs*", "Log-group-name2"],
    "LogFormat": "JSON",
    "Contribution": {"Keys": ["$.ip"], "ValueOf": "$.requestBytes", "Filters": [{"Match": "$.httpMethod", "In": ["PUT"]}]},
    "AggregateOn": "Sum"}`,
	"rule syntax, CLF": `{
    "Schema": {"Name": "CloudWatchLogRule", "Version": 1},
    "LogGroupNames": ["API-Gateway-Access-Logs*"],
    "LogFormat": "CLF",
    "Fields": {"4": "IpAddress", "7": "StatusCode"},
    "Contribution": {"Keys": ["IpAddress"], "Filters": [{"Match": "StatusCode", "EqualTo": 200}]},
    "AggregateOn": "Count"}`,
	"Route 53 resolver queries by query type and source address": `{
    "Schema": {"Name": "CloudWatchLogRule", "Version": 1},
    "AggregateOn": "Count",
    "Contribution": {"Filters": [], "Keys": ["$.query_type", "$.srcaddr"]},
    "LogFormat": "JSON", "LogGroupNames": ["<loggroupname>"]}`,
	"AWS CLI": `{"Schema": {"Name": "CloudWatchLogRule", "Version": 1}, "AggregateOn": "Count",
    "Contribution": {"Filters": [], "Keys": ["tcp-flag"]}, "LogFormat": "CLF", "LogGroupNames": ["/vpc/flowlogs/*"], "Fields": {"23": "tcp-flag"}}`,
	"Transfer Family": `{"AggregateOn": "Count",
    "Contribution": {"Filters": [{"Match": "$.activity-type", "In": ["AUTH_FAILURE"]}], "Keys": ["$.user"]},
    "LogFormat": "JSON", "Schema": {"Name": "CloudWatchLogRule", "Version": 1},
    "LogGroupARNs": ["arn:aws:logs:us-east-1:999999999999:log-group:/customer/structured_logs"]}`,
	"AggregateOn within Contribution": clf + `"Contribution":{"Keys":["4"],"AggregateOn":"Count"}}`,
	"a prefix of ARNs in any account": `{"Schema":{"Name":"CloudWatchLogRule","Version":1},"LogFormat":"CLF","AggregateOn":"Count",
    "Contribution":{"Keys":["4"]},"LogGroupARNs":["arn:aws:logs:us-west-1:*:log-group/MyLogGroup*"]}`,
	"every operator": jsonRule + `"AggregateOn":"Count","Contribution":{"Keys":["$.users[1].name"],"Filters":[
    {"Match":"$.a","NotIn":["x",""]},{"Match":"$.b","StartsWith":["ec2","ecs"]},{"Match":"$.c","GreaterThan":-1.5e3},{"Match":"$.d","IsPresent":false}]}}`,
}

func TestParseVectors(t *testing.T) {
	raw, err := os.ReadFile(sharedtest.Path(t, "data", "vectors", "contributor_insights_rules.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Rules []struct {
			ID, Name string
			Rule     json.RawMessage
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil || len(file.Rules) < 4 {
		t.Fatalf("%d vectors, %v", len(file.Rules), err)
	}
	for _, v := range file.Rules {
		if _, err := ParseRule(v.Rule); err != nil {
			t.Errorf("%s, %s: %v", v.ID, v.Name, err)
		}
	}
}

func TestParseSamples(t *testing.T) {
	for name, definition := range awsSamples {
		r, err := ParseRule([]byte(definition))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(r.KeyLabels()) == 0 || r.Schema() != "CloudWatchLogRule/1" {
			t.Errorf("%s: keys %q, schema %s", name, r.KeyLabels(), r.Schema())
		}
	}
}

func TestParseErrors(t *testing.T) {
	count := func(contribution string) string {
		return clf + `"Contribution":` + contribution + `,"AggregateOn":"Count"}`
	}
	filter := func(f string) string { return count(`{"Keys":["4"],"Filters":[` + f + `]}`) }
	for _, c := range []struct {
		name, definition, want, at string // at is what stands at the place
	}{
		{"nothing", ``, `InvalidJSON: the text ends too early`, ""},
		{"no JSON", `{"Schema":x}`, `InvalidJSON: invalid character 'x' looking for beginning of value`, `x}`},
		{"an open end", `{"Schema":`, `InvalidJSON: the text ends too early`, ""},
		{"something behind", clf + `"Contribution":{"Keys":["4"]},"AggregateOn":"Count"} x`, `InvalidJSON: something stands behind the object`, `x`},
		{"no object", ` 7`, `InvalidValue: an object is expected`, `7`},
		{"no ASCII", `{"é":1}`, `InvalidCharacter: a definition is ASCII: write other characters by their code: "\u00e9"`, `é":1}`},
		{"too long", clf + strings.Repeat(" ", 8192), `LimitExceeded: a definition has at most 8192 characters`, `  `},
		{"a corpus request", `{"Schema":{"Name":"CloudWatchLogRule","Version":1}}`, `MissingKey at LogGroupNames`, `{"Schema":{"Na`},
		{"another schema", "{\n  \"Schema\": {\"Name\":\"ServiceLogRule\",\"Version\":1}}", `InvalidSchema at Schema: it is {"Name": "CloudWatchLogRule", "Version": 1}`, `{"Name":"Servi`},
		{"a version", `{"Schema":{"Name":"CloudWatchLogRule","Version":2}}`, `InvalidSchema at Schema: it is {"Name": "CloudWatchLogRule", "Version": 1}`, `{"Name":"Cloud`},
		{"a schema as text", `{"Schema":"CloudWatchLogRule"}`, `InvalidValue at Schema: an object is expected`, `"CloudWatchLog`},
		{"no format", `{"Schema":{"Name":"CloudWatchLogRule","Version":1},"LogGroupNames":["g"]}`, `MissingKey at LogFormat`, `{"Schema":{"Na`},
		{"a format", `{"Schema":{"Name":"CloudWatchLogRule","Version":1},"LogGroupNames":["g"],"LogFormat":"json"}`, `InvalidValue at LogFormat: LogFormat is one of JSON, CLF`, `"json"}`},
		{"no groups", `{"Schema":{"Name":"CloudWatchLogRule","Version":1},"LogGroupNames":[]}`, `InvalidValue at LogGroupNames: the array is empty`, `[]}`},
		{"a star in a name", `{"Schema":{"Name":"CloudWatchLogRule","Version":1},"LogGroupNames":["a","*b"]}`, `InvalidValue at LogGroupNames[1]: * may stand at the end of a name, for any ending`, `"*b"]}`},
		{"both kinds of groups", `{"Schema":{"Name":"CloudWatchLogRule","Version":1},"LogGroupNames":["a"],"LogGroupARNs":["b"]}`, `InvalidValue at LogGroupARNs: a rule has LogGroupNames or LogGroupARNs, not both`, `["b"]}`},
		{"an ARN", `{"Schema":{"Name":"CloudWatchLogRule","Version":1},"LogGroupARNs":["arn:aws:logs:us-west-1:1*:log-group:a"]}`, `InvalidValue at LogGroupARNs[0]: an ARN is arn:aws:logs:REGION:ACCOUNT:log-group:NAME; the account may be *, and NAME may end with *`, `"arn:aws:logs:`},
		{"no contribution", clf + `"AggregateOn":"Count"}`, `MissingKey at Contribution`, `{"Schema":{"Na`},
		{"no keys", count(`{}`), `MissingKey at Contribution.Keys`, `{},"AggregateO`},
		{"no statistic", clf + `"Contribution":{"Keys":["4"]}}`, `MissingKey at AggregateOn`, `{"Schema":{"Na`},
		{"a statistic", clf + `"Contribution":{"Keys":["4"]},"AggregateOn":"Max"}`, `InvalidValue at AggregateOn: AggregateOn is one of Count, Sum`, `"Max"}`},
		{"two statistics", clf + `"Contribution":{"Keys":["4"],"AggregateOn":"Sum"},"AggregateOn":"Count"}`, `InvalidValue at Contribution.AggregateOn: it contradicts AggregateOn of the rule`, `"Sum"},"Aggreg`},
		{"a statistic that is an array, twice", clf + `"Contribution":{"Keys":["4"],"AggregateOn":[]},"AggregateOn":[]}`, `InvalidValue at AggregateOn: a string is expected`, `[]}`},
		{"five keys", count(`{"Keys":["1","2","3","4","5"]}`), `LimitExceeded at Contribution.Keys[4]: at most 4 elements are allowed`, `"5"]},"Aggrega`},
		{"five filters", filter(strings.Repeat(`{"Match":"1","EqualTo":1},`, 4) + `{"Match":"1","EqualTo":1}`), `LimitExceeded at Contribution.Filters[4]: at most 4 elements are allowed`, `{"Match":"1","`},
		{"an unknown name", count(`{"Keys":["srcaddr"]}`), `InvalidValue at Contribution.Keys[0]: "srcaddr" is no name of Fields and no position such as "4"`, `"srcaddr"]},"A`},
		{"a value that is counted", count(`{"Keys":["4"],"ValueOf":"5"}`), `InvalidValue at Contribution.ValueOf: ValueOf is for AggregateOn Sum`, `"5"},"Aggregat`},
		{"an unknown member", count(`{"Keys":["4"],"Value":"5"}`), `UnknownKey at Contribution.Value: the members here are Keys, ValueOf, Filters, AggregateOn`, `"Value":"5"},"`},
		{"a member twice", `{"Schema":1,"Schema":2}`, `DuplicateKey at Schema`, `"Schema":2}`},
		{"position 0", clf + `"Fields":{"0":"a"}}`, `InvalidValue at Fields.0: positions count from "1"`, `"0":"a"}}`},
		{"two fields of a name", clf + `"Fields":{"1":"a","2":"a"}}`, `InvalidValue at Fields.2: two fields have the name "a"`, `"a"}}`},
		{"a position as a name", clf + `"Fields":{"1":"2"}}`, `InvalidValue at Fields.1: "2" would be another field's position`, `"2"}}`},
		{"fields of JSON", jsonRule + `"Fields":{"1":"a"}}`, `InvalidValue at Fields: Fields are for LogFormat CLF; JSON has names of its own: $.name`, `{"1":"a"}}`},
		{"no property", jsonRule + `"Contribution":{"Keys":["ip"]},"AggregateOn":"Count"}`, `InvalidValue at Contribution.Keys[0]: a field of JSON is written as $.name, $.users[1].name; names begin with a letter`, `"ip"]},"Aggreg`},
		{"a property with a wildcard", jsonRule + `"Contribution":{"Keys":["$.a[*]"]},"AggregateOn":"Count"}`, `InvalidValue at Contribution.Keys[0]: a field of JSON is written as $.name, $.users[1].name; names begin with a letter`, `"$.a[*]"]},"Ag`},
		{"a filter without a field", filter(`{"EqualTo":1}`), `MissingKey at Contribution.Filters[0].Match`, `{"EqualTo":1}]`},
		{"a filter without an operator", filter(`{"Match":"1"}`), `InvalidValue at Contribution.Filters[0]: a filter has Match and one of In, NotIn, StartsWith, GreaterThan, LessThan, EqualTo, NotEqualTo, IsPresent`, `{"Match":"1"}]`},
		{"a filter with two operators", filter(`{"Match":"1","EqualTo":1,"LessThan":2}`), `InvalidValue at Contribution.Filters[0]: a filter has Match and one of In, NotIn, StartsWith, GreaterThan, LessThan, EqualTo, NotEqualTo, IsPresent`, `{"Match":"1","`},
		{"an unknown operator", filter(`{"Match":"1","EndsWith":["a"]}`), `UnknownKey at Contribution.Filters[0].EndsWith: the members here are Match, In, NotIn, StartsWith, GreaterThan, LessThan, EqualTo, NotEqualTo, IsPresent`, `"EndsWith":["a`},
		{"a text to compare with", filter(`{"Match":"1","EqualTo":"1"}`), `InvalidValue at Contribution.Filters[0].EqualTo: a number without quotation marks is expected; In compares with texts`, `"1"}]},"Aggreg`},
		{"a number that is too large", filter(`{"Match":"1","EqualTo":1e999}`), `InvalidValue at Contribution.Filters[0].EqualTo: the number is too large`, `1e999}]},"Aggr`},
		{"a number among texts", filter(`{"Match":"1","In":[1]}`), `InvalidValue at Contribution.Filters[0].In[0]: a string is expected; EqualTo compares with a number`, `1]}]},"Aggrega`},
		{"eleven texts", filter(`{"Match":"1","In":["1","2","3","4","5","6","7","8","9","10","11"]}`), `LimitExceeded at Contribution.Filters[0].In[10]: at most 10 elements are allowed`, `"11"]}]},"Aggr`},
		{"no texts", filter(`{"Match":"1","In":[]}`), `InvalidValue at Contribution.Filters[0].In: the array is empty`, `[]}]},"Aggrega`},
		{"a wildcard", filter(`{"Match":"1","In":["5*"]}`), `InvalidValue at Contribution.Filters[0].In[0]: wildcards are not supported; StartsWith compares beginnings`, `"5*"]}]},"Aggr`},
		{"present as a text", filter(`{"Match":"1","IsPresent":"true"}`), `InvalidValue at Contribution.Filters[0].IsPresent: true or false is expected`, `"true"}]},"Agg`},
	} {
		r, err := ParseRule([]byte(c.definition))
		if err == nil {
			t.Errorf("%s: reads as %s", c.name, r.counting())
			continue
		}
		e, ok := errors.AsType[*Error](err)
		if !ok {
			t.Fatalf("%s: %v is a %T", c.name, err, err)
		}
		got := e.Message
		if e.Hint != "" {
			got += ": " + e.Hint
		}
		if diff := cmp.Diff([]string{c.want, c.at}, []string{got, c.definition[e.Offset:min(e.Offset+len(c.at), len(c.definition))]}); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestErrorText(t *testing.T) {
	_, err := ParseRule([]byte("{\n  \"Schema\": {\"Name\":\"ServiceLogRule\",\"Version\":1}}"))
	const want = `InvalidSchema at Schema (line 2, column 13): it is {"Name": "CloudWatchLogRule", "Version": 1}`
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Path != "Schema" || e.Offset != 14 {
		t.Errorf("%+v", e)
	}
}

func TestGroups(t *testing.T) {
	for _, c := range []struct {
		groups, group string
		want          bool
	}{
		{`"LogGroupNames":["a","b*"]`, "a", true},
		{`"LogGroupNames":["a","b*"]`, "ab", false},
		{`"LogGroupNames":["a","b*"]`, "b", true},
		{`"LogGroupNames":["a","b*"]`, "bc", true},
		{`"LogGroupNames":["a","b*"]`, "B", false},
		{`"LogGroupNames":["*"]`, "any", true},
		{`"LogGroupARNs":["arn:aws:logs:us-east-1:111122223333:log-group:/a/b:*"]`, "/a/b", true},
		{`"LogGroupARNs":["arn:aws:logs:us-east-1:111122223333:log-group:/a*"]`, "/a/b", true},
		{`"LogGroupARNs":["arn:aws-cn:logs:cn-north-1:*:log-group/a"]`, "a", true},
		{`"LogGroupARNs":["arn:aws:logs:us-east-1:*:log-group:a"]`, "ab", false},
	} {
		r := parse(t, `{"Schema":{"Name":"CloudWatchLogRule","Version":1},"LogFormat":"CLF","AggregateOn":"Count","Contribution":{"Keys":["1"]},`+c.groups+`}`)
		if got := r.Matches(c.group); got != c.want {
			t.Errorf("%s has %s: %v", c.groups, c.group, got)
		}
	}
}

// A rule that counts the same keeps what it counted.
func TestCounting(t *testing.T) {
	const rule = clf + `"Fields":{"4":"src"},"Contribution":{"Keys":["src"],"Filters":[{"Match":"13","In":["a","b"]},{"Match":"7","EqualTo":1}]},"AggregateOn":"Count"}`
	for change, same := range map[string]bool{
		strings.Replace(rule, `"g"`, `"h*"`, 1):                                                 true,
		strings.ReplaceAll(rule, `src`, `source`):                                               true,
		strings.Replace(rule, `"a","b"`, `"b","a","a"`, 1):                                      true,
		strings.Replace(rule, `"4":"src"`, `"5":"src"`, 1):                                      false,
		strings.Replace(rule, `"In"`, `"NotIn"`, 1):                                             false,
		strings.Replace(rule, `"EqualTo":1`, `"EqualTo":2`, 1):                                  false,
		strings.Replace(rule, `"Count"`, `"Sum"`, 1):                                            false,
		strings.Replace(rule, `CloudWatchLogRule`, `WeirLogRule`, 1):                            false,
		strings.Replace(rule, `["src"]`, `["src","5"]`, 1):                                      false,
		strings.Replace(rule, `{"Match":"7","EqualTo":1}`, `{"Match":"7","IsPresent":true}`, 1): false,
	} {
		if got := parse(t, rule).counting() == parse(t, change).counting(); got != same {
			t.Errorf("counts the same: %v, %s", got, change)
		}
	}
}

func FuzzParseRule(f *testing.F) {
	for _, definition := range awsSamples {
		f.Add([]byte(definition))
	}
	for _, definition := range weirSamples {
		f.Add([]byte(definition))
	}
	f.Add([]byte(`{"a":[{"b":1e5,"c":[[[]]]}]} x`))
	f.Fuzz(func(t *testing.T, definition []byte) {
		r, err := ParseRule(definition)
		if err != nil {
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Offset < 0 || e.Offset > len(definition) || e.Line < 1 || e.Column < 1 || e.Message == "" {
				t.Fatalf("%+v", e)
			}
			return
		}
		if !json.Valid(definition) {
			t.Fatal("no JSON was read")
		}
		if n := len(r.KeyLabels()); n < 1 || n > 4 || len(r.filter) > maxWeirFilters || len(r.groups) == 0 || r.counting() == "" {
			t.Fatalf("%+v", r)
		}
		p := compile(r.groups[0].name, "", []*keptRule{{rule: r}})
		p.load(string(definition), 0)
		for i := range p.rules {
			if p.matches(&p.rules[i], string(definition)) {
				text, buf := p.keyOf(&p.rules[i])
				if keys := splitKey(text+string(buf), len(p.rules[i].keys)); len(keys) != len(r.keys)+len(r.distinct) {
					t.Fatalf("%q of %d", keys, len(r.keys))
				}
			}
		}
	})
}
