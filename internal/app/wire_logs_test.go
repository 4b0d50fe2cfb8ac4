package app

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/insights"
	"weir/internal/insights/value"
)

// queried is a service that answers one query of logs.
type queried struct {
	Service
	result *insights.Result
	err    error
}

func (q *queried) LogsQuery(context.Context, LogsQuery) (*insights.Result, error) {
	return q.result, q.err
}

// randomValue returns a value of any kind.
func randomValue(rng *rand.Rand, deep int) value.Value {
	texts := []string{"", "-", "a b", "\x00\xff", "12", "1e3"}
	switch n := rng.IntN(8); {
	case n == 0:
		return value.Absent
	case n == 1:
		return value.Bool(rng.IntN(2) == 0)
	case n == 2:
		return value.Number([]float64{0, 0.5, -3, 1e300, 1772445600123}[rng.IntN(5)])
	case n == 3:
		v, _ := value.ParseJSON([]string{"1.50", "1e2", "12345678901234567890", "-0"}[rng.IntN(4)])
		return v
	case n == 4:
		return value.Time(rng.Int64N(1 << 45))
	case n == 5 && deep > 0:
		var list []value.Value
		for range rng.IntN(4) {
			list = append(list, randomValue(rng, deep-1))
		}
		return value.List(list)
	case n == 6 && deep > 0:
		keys := []string{"b", "a", ""}[:rng.IntN(4)]
		var list []value.Value
		for range keys {
			list = append(list, randomValue(rng, deep-1))
		}
		return value.Map(keys, list)
	}
	return value.Text(texts[rng.IntN(len(texts))])
}

// sameValues compares values by all that can be asked of them.
var sameValues = cmp.Comparer(func(a, b value.Value) bool { return describeValue(a) == describeValue(b) })

// describeValue writes a value with its kind and that of all in it.
func describeValue(v value.Value) string {
	text, _ := v.Text()
	var out strings.Builder
	out.WriteString(v.Kind().String() + "(" + text)
	for i, e := range v.Elements() {
		if v.Kind() == value.MapKind {
			out.WriteString(v.Keys()[i] + "=")
		}
		out.WriteString(describeValue(e) + ",")
	}
	return out.String() + ")"
}

// TestValuesOverWire sends values of all kinds and compares what arrives.
func TestValuesOverWire(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		v := randomValue(rng, 3)
		var b bytes.Buffer
		if err := gob.NewEncoder(&b).Encode(packValue(v)); err != nil {
			t.Fatal(err)
		}
		var w wireValue
		if err := gob.NewDecoder(&b).Decode(&w); err != nil {
			t.Fatal(err)
		}
		if got := w.unpack(); describeValue(got) != describeValue(v) {
			t.Fatalf("sent %s, got %s", describeValue(v), describeValue(got))
		}
	}
}

// TestLogsQueryOverSocket sends a result of more rows than go at once, and errors with their places.
func TestLogsQueryOverSocket(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	want := &insights.Result{
		Columns: []string{"a", "b"}, Ptrs: []string{"x"}, Notes: []string{"note"},
		Statistics: insights.Statistics{RecordsMatched: 1, RecordsScanned: 2.5, BytesScanned: 3, LogGroupsScanned: 4},
	}
	for range 2*eventsAtOnce + 1 {
		want.Rows = append(want.Rows, []value.Value{randomValue(rng, 2), randomValue(rng, 1)})
	}
	s := &queried{result: want}
	remote, _ := dialFake(t, s)
	for _, result := range []*insights.Result{want, {Columns: []string{"n"}, Ptrs: []string{}}, {}} {
		s.result = result
		got, err := remote.LogsQuery(t.Context(), LogsQuery{Text: "x"})
		if diff := cmp.Diff(result, got, sameValues); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
	wrong := &insights.Error{Span: insights.Span{Start: 3, End: 7}, Message: "no", Hint: "yes"}
	s.err = wrong
	_, err := remote.LogsQuery(t.Context(), LogsQuery{Text: "x"})
	if got, ok := errors.AsType[*insights.Error](err); !ok || *got != *wrong || err.Error() != wrong.Error() {
		t.Errorf("got %v", err)
	}
}

// TestLogsQuery asks groups by name and by SOURCE.
func TestLogsQuery(t *testing.T) {
	dir := t.TempDir()
	const header = "interface-id srcaddr start bytes"
	writeLog(t, dir, key("fl-1", "20260302T1000Z"), header, "eni-1 10.0.0.1 1772445600 7", "eni-1 10.0.0.2 1772445600 8", "eni-2 - 1772445601 -")
	s := openFolder(t, t.TempDir(), OpenRequest{Sources: []string{dir}, LogGroup: "a"})
	from, to := int64(1772445600000), int64(1772445601000)
	for name, c := range map[string]struct {
		r    LogsQuery
		want string // of the first row
		err  string
	}{
		"group":           {LogsQuery{Text: `stats sum(bytes) as b, count(*) as n`, Groups: []string{"a"}, Start: from, End: to}, "15 3", ""},
		"end inclusive":   {LogsQuery{Text: `stats count(*) as n`, Groups: []string{"a"}, Start: from, End: to - 1}, "2", ""},
		"two groups":      {LogsQuery{Text: `stats count(*) as n by @log | sort @log`, Groups: []string{"a", FlowLogsGroup}, Start: from, End: to}, "000000000000:/weir/flow-logs 3", ""},
		"source":          {LogsQuery{Text: `SOURCE 'a' | stats count(*) as n`, Start: from, End: to}, "3", ""},
		"source prefixes": {LogsQuery{Text: `SOURCE logGroups(namePrefix: ['/weir/', 'b']) | stats count(*) as n`, Start: from, End: to}, "3", ""},
		"any case":        {LogsQuery{Text: `filter interface_id = "eni-2" | fields srcaddr`, Groups: []string{"a"}, Start: from, End: to, AnyCase: true}, "-", ""},
		"no group":        {LogsQuery{Text: `stats count(*)`, Groups: []string{"b"}, Start: from, End: to}, "", "the specified log group does not exist: b"},
		"both":            {LogsQuery{Text: `SOURCE 'a' | stats count(*)`, Groups: []string{"a"}, Start: from, End: to}, "", "SOURCE chooses log groups, and others are named beside the query"},
		"wrong":           {LogsQuery{Text: `stats nosuch(x)`, Groups: []string{"a"}, Start: from, End: to}, "", `there is no function "nosuch"`},
		"time":            {LogsQuery{Text: `stats count(*)`, Groups: []string{"a"}, Start: from, End: to, Timeout: 1}, "", "query limit reached: it took longer than 1ns"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := s.LogsQuery(t.Context(), c.r)
			if c.err != "" {
				if err == nil || err.Error() != c.err {
					t.Fatalf("got %v, want %s", err, c.err)
				}
				return
			}
			if err != nil || len(got.Rows) == 0 {
				t.Fatalf("%v, %v", got, err)
			}
			var text strings.Builder
			for i, v := range got.Rows[0] {
				if i > 0 {
					text.WriteString(" ")
				}
				text.WriteString(v.String())
			}
			if text.String() != c.want {
				t.Errorf("got %s, want %s", text.String(), c.want)
			}
		})
	}
}
