package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"weir/internal/sharedtest"
)

// TestFilterPolicyErrors compares errors with the words in which AWS refuses policies (LocalStack's recordings of May 2024; what follows a line break in them is a
// place in another form).
func TestFilterPolicyErrors(t *testing.T) {
	tests := []struct{ policy, want string }{
		{`{"key":[["value"]]}`, "Match value must be String, number, true, false, or null\n at [line: 1, column: 9]"},
		{`{"key":[{"wrong-operator":true}]}`, "Unrecognized match type wrong-operator\n at [line: 1, column: 10]"},
		{`{"key":[{"suffix":"value","prefix":"value2"}]}`, "Only one key allowed in match expression"},
		{`{"key":[{"suffix":100}]}`, "suffix match pattern must be a string"},
		{`{"key":[{"suffix":null}]}`, "suffix match pattern must be a string"},
		{`{"key":{"suffix":"value"}}`, `"suffix" must be an object or an array`},
		{`{"key":[{"suffix":[]}]}`, "suffix match pattern must be a string"},
		{`{"key":[{"suffix":["test","test2"]}]}`, "suffix match pattern must be a string"},
		{`{"key":{"suffix":"value","prefix":"value"}}`, `"suffix" must be an object or an array`},
		{`{"key":{"not-an-operator":"value"}}`, `"not-an-operator" must be an object or an array`},
		{`{"key_a":"value_one"}`, `"key_a" must be an object or an array`},
		{`{"key":[{"numeric":[]}]}`, "Invalid member in numeric match: ]"},
		{`{"key":[{"numeric":["operator"]}]}`, "Unrecognized numeric range operator: operator"},
		{`{"key":[{"numeric":[1,"<="]}]}`, "Invalid member in numeric match: 1"},
		{`{"key":[{"numeric":["=","000"]}]}`, "Value of equals must be numeric"},
		{`{"key":[{"numeric":[">="]}]}`, "Value of >= must be numeric"},
		{`{"key":[{"numeric":["<",100,">",10]}]}`, "Too many elements in numeric expression"},
		{`{"key":[{"numeric":[">=",1,">",2]}]}`, "Bad numeric range operator: >"},
		{`{"key":[{"numeric":[">",3,"<",1]}]}`, "Bottom must be less than top"},
		{`{"key":[{"numeric":[">",20,"<="]}]}`, "Value of <= must be numeric"},
		{`{"key":[{"numeric":[">",20,30]}]}`, "Bad value in numeric range: 30"},
		{`{"key":[{"numeric":[">",20,"test"]}]}`, "Bad numeric range operator: test"},
		{`{"key":[{"numeric":[">","20","<","30"]}]}`, "Value of > must be numeric"},
		{`{"key":[{"numeric":[">",20,"<","30"]}]}`, "Value of < must be numeric"},
		{`{"key":[{"numeric":[">",20,"<",30,"<",50]}]}`, "Too many terms in numeric range expression"},
		{`{"key":[{"exists":null}]}`, "exists match pattern must be either true or false."},
		{`{"key":[{"exists":"no"}]}`, "exists match pattern must be either true or false."},
		{`{"key":[{"anything-but":{"wrong-operator":null}}]}`, "Unsupported anything-but pattern: wrong-operator"},
		{`{"key":[{"anything-but":{"suffix":"test"}}]}`, "Unsupported anything-but pattern: suffix"},
		{`{"key":[{"anything-but":{"exists":false}}]}`, "Unsupported anything-but pattern: exists"},
		{`{"key":[{"anything-but":{"prefix":false}}]}`, "prefix match pattern must be a string"},
		{`{invalidjson}`, "failed to parse JSON. "},
		{`[`, "Filter policy must be a JSON object"},
		{`{"key":[151]} x`, "failed to parse JSON. There is more behind the object"},
		{`{"key":[`, "failed to parse JSON. It ends too early"},
		{"{\n  \"key\":[\"\u00e9\", {\"x\":1}]}", "Unrecognized match type x\n at [line: 2, column: 16]"},
		{`{"key":[1],"key":[2]}`, `the key "key" is there twice`},
		{`{"key":[]}`, "Empty arrays are not allowed"},
		{`{"key":[{}]}`, "Empty match expressions are not allowed"},
		{`{"key":[{"anything-but":[]}]}`, "Empty arrays are not allowed"},
		{`{"key":[{"anything-but":[1,"a"]}]}`, "Inside anything but list, either all values are number or string, mixed type is not supported"},
		{`{"key":[{"anything-but":null}]}`, "Value of anything-but must be an array or single string/number value."},
		{`{"key":[1000000001]}`, "Value must be between -1.0E9 and 1.0E9, inclusive"},
		{`{"key":[0.000001]}`, "A number has at most five digits behind the point"},
		{`{"key":[{"cidr":"10.0.0.0"}]}`, "Malformed CIDR, one '/' required: 10.0.0.0"},
		{`{"key":[{"cidr":"10.0.0.0/33"}]}`, "Malformed CIDR, an address or a number of bits that is none: 10.0.0.0/33"},
		{`{"key":[{"cidr":"10.0.0/8"}]}`, "Malformed CIDR, an address or a number of bits that is none: 10.0.0/8"},
		{`{"$or":[{"a":[1]}]}`, `"$or" must be an array of at least two objects`},
		{`{"$or":"x"}`, `"$or" must be an array of at least two objects`},
		{`{"a":[1],"b":[1],"c":[1],"d":[1],"e":[1],"f":[1]}`, "Filter policy can not have more than 5 keys"},
		{`{"key":[` + strings.Repeat("1,", 150) + `1]}`, "Filter policy is too complex"},
		{`{"k1":[` + strings.Repeat("1,", 99) + `1],"k2":[` + strings.Repeat("1,", 50) + `1]}`, "Filter policy is too complex"},
		{`{"source":[1,2,3,4],"$or":[{"metricName":[1,2,3,4,5,6]},{"metricType":[1,2,3,4],"$or":[{"metricId":[1,2,3,4]},{"spaceId":[1,2,3,4]}]}]}`, "Filter policy is too complex"},
		{strings.Repeat(`{"a":`, 40) + "[1]" + strings.Repeat("}", 40), "Filter policy is nested too deep"},
	}
	for _, tt := range tests {
		_, err := parseFilterPolicy(tt.policy, scopeAttributes)
		if err == nil || !strings.HasPrefix(err.Error(), "FilterPolicy: "+tt.want) {
			t.Errorf("%s\ngot  %v\nwant %s", tt.policy, err, tt.want)
		}
	}
	for _, policy := range []string{
		`{"source":[1,2,3],"$or":[{"metricName":[1,2,3,4,5,6]},{"metricType":[1,2,3,4],"$or":[{"metricId":[1,2,3,4]},{"spaceId":[1,2,3,4,5,6,7]}]}]}`, // 150
		`{"key":[{"anything-but":{"prefix":"test-"}}]}`, `{"key":[{"anything-but":["test","test2"]}]}`, `{"key":[{"anything-but":"test"}]}`,
	} {
		if _, err := parseFilterPolicy(policy, scopeAttributes); err != nil {
			t.Errorf("%s: %v", policy, err)
		}
	}
	nested := []struct{ policy, scope, want string }{
		{`{"object":{"key":[{"prefix":"auto-"}]}}`, scopeAttributes, "Filter policy scope MessageAttributes does not support nested filter policy"},
		{`{"object":{"key":[{"prefix":"auto-"}]}}`, scopeBody, ""},
		{`{"key_a":{"key_b":{"key_c":[1,2,3,4]}},"key_d":{"key_e":[1,2,3]},"key_f":[1,2,3]}`, scopeBody, "FilterPolicy: Filter policy is too complex"},                                     // 216
		{`{"$or":[{"metricName":[1,2,3]},{"namespace":[1,2]}],"detail":{"scope":[1,2],"$or":[{"source":[1]},{"type":[1,2,3]}]}}`, scopeBody, "FilterPolicy: Filter policy is too complex"}, // 160
	}
	for _, tt := range nested {
		_, err := parseFilterPolicy(tt.policy, tt.scope)
		if got := fmt.Sprint(err); tt.want == "" && err != nil || tt.want != "" && got != tt.want {
			t.Errorf("%s: %v", tt.policy, err)
		}
	}
}

// TestFilterBody has the cases that LocalStack recorded of AWS, and examples of AWS's documentation.
func TestFilterBody(t *testing.T) {
	const (
		exists  = `{"object":{"key":[{"prefix":"auto-"},"hardcodedvalue"],"nested_key":[{"exists":false}]},"test":[{"exists":false}]}`
		dots    = `{"object.nested":["string.value"]}`
		deep    = `{"object.nested.test":["string.value"]}`
		route   = `{"headers":{"route-to":["queue1"]}}`
		records = `{"Records":{"s3":{"object":{"key":[{"prefix":"auto-"}]}},"eventName":[{"prefix":"ObjectCreated:"}]}}`
		or      = `{"$or":[{"metricName":["CPUUtilization","ReadLatency"]},{"namespace":["AWS/EC2","AWS/ES"]}],"detail":{"scope":["Service"],"$or":[{"source":["aws.cloudwatch"]},{"type":["CloudWatch Alarm State Change"]}]}}`
		but     = `{"i":[{"anything-but":["rugby","tennis"]}]}`
	)
	record := func(event, key string) string {
		return `{"eventName":"` + event + `","s3":{"object":{"key":"` + key + `"}}}`
	}
	tests := []struct {
		policy, body string
		want         bool
	}{
		{exists, `{"object":{"key":"auto-test"}}`, true},
		{exists, `{"object":{"key":"hardcodedvalue"}}`, true},
		{exists, `{"object":{"key":"test-auto"}}`, false},
		{exists, `{"object":{"key":"auto-test"},"test":"just-exists"}`, false},
		{exists, `{"object":{"key":"auto-test","nested_key":"just-exists"}}`, false},
		{exists, `{"object":{"test":"auto-test"}}`, false},
		{exists, `{"test":"auto-test"}`, false},
		{exists, `Regular string message`, false},
		{exists, `"Regular string message"`, false},
		{dots, `{"object":{"nested":"string.value"}}`, true},
		{dots, `{"object.nested":"string.value"}`, true},
		{dots, `{"object":{"nested":"test-auto"}}`, false},
		{deep, `{"object":{"nested":{"test":"string.value"}}}`, true},
		{deep, `{"object.nested.test":"string.value"}`, true},
		{deep, `{"object.nested":{"test":"string.value"}}`, true},
		{deep, `{"object":{"nested.test":"string.value"}}`, true},
		{deep, `{"object":{"nested":{"test":"string.notvalue"}}}`, false},
		{route, `{"headers":{"route-to":["queue3"]}}`, false},
		{route, `{"headers":{"route-to":["queue1"]}}`, true},
		{route, `{"headers":{"route-to":["queue2"]}}`, false},
		{route, `{"headers":{"route-to":["queue1","queue2"]}}`, true},
		{records, `{"Records":[{"eventName":"ObjectCreated:Put","s3":{"object":[[{"key":"auto-1.xml"}]]}},` + record("ObjectRemoved:Delete", "home-1.xml") + `]}`, true},
		{records, `{"Records":[` + record("ObjectRemoved:Delete", "auto-1.xml") + `]}`, false},
		{records, `{"Records":[` + record("ObjectCreated:Put", "home-1.xml") + `]}`, false},
		{records, `{"Records":[` + record("ObjectCreated:Put", "auto-1.xml") + `]}`, true},
		// Values count together only where they are of one element.
		{records, `{"Records":[` + record("ObjectRemoved:Delete", "auto-1.xml") + `,` + record("ObjectCreated:Put", "home-1.xml") + `]}`, false},
		{or, `{"metricName":"CPUUtilization","detail":{"scope":"aws.cloudwatch","type":"CloudWatch Alarm State Change"}}`, false},
		{or, `{"metricName":"CPUUtilization","detail":{"scope":"Service","type":"CPUUtilization"}}`, false},
		{or, `{"metricName":"CPUUtilization","detail":{"scope":"Service"}}`, false},
		{or, `{"metricName":"CPUUtilization","scope":"Service"}`, false},
		{or, `{"metricName":"CPUUtilization","detail":{"scope":"Service","source":"aws.cloudwatch"}}`, true},
		{or, `{"namespace":"AWS/ES","detail":{"scope":"Service","source":"aws.cloudwatch"}}`, true},
		{or, `{"metricName":"AWS/EC2","detail":{"scope":"Service","type":"CloudWatch Alarm State Change"}}`, false},
		{but, `{"i":"baseball"}`, true},
		{but, `{"i":"rugby"}`, false},
		{but, `{"i":["rugby","baseball"]}`, true},
		{but, `{"i":["rugby"]}`, false},
		{but, `{}`, false},
		{`{"p":[{"anything-but":[100,500]}]}`, `{"p":[100,50]}`, true},
		{`{"p":[{"anything-but":[100,500]}]}`, `{"p":100}`, false},
		{`{"p":[{"numeric":["=",301.5]}]}`, `{"p":3.015e2}`, true},
		{`{"p":[{"numeric":[">",0,"<=",150]}]}`, `{"p":150}`, true},
		{`{"p":[{"numeric":[">",0,"<=",150]}]}`, `{"p":0}`, false},
		{`{"p":[{"numeric":["<",0]}]}`, `{"p":"-1"}`, false},
		{`{"i":[{"anything-but":{"prefix":"order-"}}]}`, `{"i":"data-entry"}`, true},
		{`{"i":[{"anything-but":{"prefix":"order-"}}]}`, `{"i":"order-number"}`, false},
		{`{"i":[{"equals-ignore-case":"tennis"}]}`, `{"i":"TENNIS"}`, true},
		{`{"i":[{"suffix":"ball"}]}`, `{"i":"baseball"}`, true},
		{`{"i":[{"cidr":"10.0.0.0/24"}]}`, `{"i":"10.0.0.255"}`, true},
		{`{"i":[{"cidr":"10.0.0.0/24"}]}`, `{"i":"10.1.1.0"}`, false},
		{`{"i":[{"exists":true}]}`, `{"i":null}`, false},
		{`{"i":[{"exists":true}]}`, `{"i":[]}`, false},
		{`{"i":[null]}`, `{"i":null}`, true},
		{`{"i":[null]}`, `{}`, false},
		{`{"i":[true]}`, `{"i":true}`, true},
		{`{"i":["true"]}`, `{"i":true}`, false},
		{`{"i":["x"]}`, `{"i":{"x":1}}`, false},
	}
	for _, tt := range tests {
		p, err := parseFilterPolicy(tt.policy, scopeBody)
		if err != nil {
			t.Errorf("%s: %v", tt.policy, err)
			continue
		}
		if got := p.matches(&Message{}, tt.body); got != tt.want {
			t.Errorf("%s of %s is %v", tt.policy, tt.body, got)
		}
	}
}

// TestFilterAttributes has the cases that LocalStack recorded of AWS, and examples of AWS's documentation.
func TestFilterAttributes(t *testing.T) {
	type attributes = map[string]Attribute
	tests := []struct {
		policy string
		of     attributes
		want   bool
	}{
		{`{"attr1":[{"numeric":[">",0,"<=",100]}]}`, attributes{"attr1": {"Number", "99"}}, true},
		{`{"attr1":[{"numeric":[">",0,"<=",100]}]}`, attributes{"attr1": {"Number", "111"}}, false},
		{`{"attr1":[{"numeric":[">",0,"<=",100]}]}`, attributes{"attr1": {"String", "99"}}, false},
		{`{"attr1":[null,{"anything-but":"whatever"}]}`, nil, false},
		{`{"store":[{"exists":true}]}`, attributes{"store": {"Number", "99"}, "def": {"Number", "99"}}, true},
		{`{"store":[{"exists":true}]}`, attributes{"attr1": {"Number", "111"}}, false},
		{`{"store":[{"exists":false}]}`, attributes{"def": {"Number", "99"}}, true},
		{`{"store":[{"exists":false}]}`, attributes{"store": {"Number", "99"}}, false},
		{`{"store":["value1"]}`, attributes{"store": {"String", "value1"}}, true},
		{`{"store":["value1"]}`, attributes{"store": {"String.Array", `["value1", "value2"]`}}, true},
		{`{"store":["value1"]}`, attributes{"store": {"String.Array", `["value2", "value3"]`}}, false},
		{`{"store":["value1"]}`, attributes{"store": {"String.Array", `value1`}}, false},
		{`{"store":[{"anything-but":["rugby","tennis"]}]}`, attributes{"store": {"String.Array", `["rugby", "baseball"]`}}, true},
		{`{"store":[{"exists":true}]}`, attributes{"store": {"Binary", "x"}}, false},
		{`{"store":["x"]}`, attributes{"store": {"String.label", "x"}}, true},
		{`{"a.b":["x"]}`, attributes{"a.b": {"String", "x"}}, true},
		{`{"store":["a"],"event":["b"]}`, attributes{"store": {"String", "a"}}, false},
	}
	for _, tt := range tests {
		p, err := parseFilterPolicy(tt.policy, scopeAttributes)
		if err != nil {
			t.Errorf("%s: %v", tt.policy, err)
			continue
		}
		if got := p.matches(&Message{Attributes: tt.of}, ""); got != tt.want {
			t.Errorf("%s of %v is %v", tt.policy, tt.of, got)
		}
	}
}

// TestFilterModel compares policies over flat bodies with another way to tell: all combinations of values that a policy allows.
func TestFilterModel(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	values := []string{`"a"`, `"b"`, `1`, `true`, `null`}
	pick := func() []string {
		var out []string
		for _, v := range values {
			if r.IntN(2) == 0 {
				out = append(out, v)
			}
		}
		return out
	}
	for range sharedtest.Rounds(3000) {
		policy, allowed := map[string]json.RawMessage{}, map[string][]string{}
		for _, k := range []string{"x", "y"} {
			if list := pick(); len(list) > 0 {
				policy[k], allowed[k] = json.RawMessage("["+strings.Join(list, ",")+"]"), list
			}
		}
		if len(policy) == 0 {
			continue
		}
		body, has := map[string]json.RawMessage{}, map[string][]string{}
		for _, k := range []string{"x", "y", "z"} {
			switch list := pick(); r.IntN(3) {
			case 0:
				body[k], has[k] = json.RawMessage("["+strings.Join(list, ",")+"]"), list
			case 1:
				v := values[r.IntN(len(values))]
				body[k], has[k] = json.RawMessage(v), []string{v}
			}
		}
		want := true
		for k, list := range allowed {
			want = want && slices.ContainsFunc(has[k], func(v string) bool { return slices.Contains(list, v) })
		}
		p, err := parseFilterPolicy(written(policy), scopeBody)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.matches(&Message{}, written(body)); got != want {
			t.Fatalf("%s of %s is %v", written(policy), written(body), got)
		}
	}
}

// FuzzFilterPolicy reads any policy, and matches any body.
func FuzzFilterPolicy(f *testing.F) {
	f.Add(`{"a":[{"numeric":[">",0]}],"$or":[{"b":["x"]},{"c":[null]}]}`, `{"a":1,"b":["x"]}`)
	f.Add(`{"a.b":{"c":[{"anything-but":{"prefix":"x"}}]}}`, `{"a":[{"b.c":"y"}],"a.b":3}`)
	f.Fuzz(func(t *testing.T, policy, body string) {
		for _, scope := range []string{scopeBody, scopeAttributes} {
			p, err := parseFilterPolicy(policy, scope)
			if err != nil {
				if _, ok := errors.AsType[badAttribute](err); !ok {
					t.Fatalf("%T: %v", err, err)
				}
				continue
			}
			if !json.Valid([]byte(policy)) {
				t.Fatalf("%q is taken, and is no JSON", policy)
			}
			p.matches(&Message{Attributes: map[string]Attribute{"a": {"String.Array", body}}}, body)
		}
	})
}
