package query

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
)

// readBatch decodes the one batch of a text.
func readBatch(t *testing.T, text string) *flowlog.Batch {
	t.Helper()
	d, err := flowlog.NewDecoder(strings.NewReader(text), flowlog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := d.Next()
	if err != nil || d.Stats().Bad > 0 {
		t.Fatal(err, d.Stats().BadLines)
	}
	return b
}

func TestRecordValue(t *testing.T) {
	b := readBatch(t, "version srcaddr srcport action weir-hour shade other\n"+
		"2 10.0.0.1 0 - 1772445600 dark -\n"+
		"2 - - REJECT - - -\n")
	first, second := b.At(0), b.At(1)
	for _, tt := range []struct {
		column        string
		first, second any
	}{
		{"version", int64(2), int64(2)},
		{"srcaddr", "10.0.0.1", nil},
		{"srcport", int64(0), nil},
		{"action", nil, "REJECT"},
		{"weir_hour", time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC), nil},
		{"weir_unknown", map[string]string{"shade": "dark"}, nil},
		{"bytes", nil, nil},
		{"tgw_id", nil, nil},
		{"no_such", nil, nil},
		{"Version", nil, nil},
		{"weir-hour", nil, nil},
	} {
		if diff := cmp.Diff([]any{tt.first, tt.second}, []any{RecordValue(first, tt.column), RecordValue(second, tt.column)}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.column, diff)
		}
	}
}

func TestCompileRecord(t *testing.T) {
	r := readBatch(t, "version srcaddr srcport shade\n2 10.0.0.1 22 dark\n").At(0)
	value, typ, err := CompileRecord(call(Mul, ref("srcport"), lit(0.5)), flowlog.KindVPC)
	if err != nil || typ != Float {
		t.Fatal(typ, err)
	}
	if v, err := value(r); v != 11.0 || err != nil {
		t.Errorf("got %v, %v", v, err)
	}
	for _, tt := range []struct {
		where Expr
		want  bool
	}{
		{call(Eq, ref("srcport"), lit(int64(22))), true},
		{call(Eq, ref("srcport"), lit(int64(23))), false},
		{call(Eq, ref("dstport"), lit(int64(22))), false},
		{call(Not, call(Eq, ref("dstport"), lit(int64(22)))), false},
		{call(Eq, call(MapGet, ref("weir_unknown"), lit("shade")), lit("dark")), true},
		{lit(nil), false},
	} {
		where, err := CompileWhere(tt.where, flowlog.KindVPC)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := where(r); got != tt.want || err != nil {
			t.Errorf("%s: got %v, %v", tt.where, got, err)
		}
	}
	for _, bad := range []Expr{ref("srcport"), ref("tgw_id"), call("no_such", ref("srcport")), nil} {
		if _, err := CompileWhere(bad, flowlog.KindVPC); !errors.Is(err, ErrRefused) {
			t.Errorf("%v: %v", bad, err)
		}
	}
	if _, err := CompileWhere(lit(true), 0); !errors.Is(err, ErrRefused) {
		t.Errorf("no kind: %v", err)
	}
	if _, _, err := CompileRecord(lit(true), 9); !errors.Is(err, ErrRefused) {
		t.Errorf("no kind: %v", err)
	}
}

func BenchmarkCompileWhere(b *testing.B) {
	batch := flowlog.NewBatch(flowlog.KindVPC)
	r := batch.Append()
	for f, s := range map[flowlog.FieldID]string{flowlog.SrcAddr: "10.1.2.3", flowlog.DstPort: "22", flowlog.Action: "REJECT"} {
		if err := r.SetText(f, s); err != nil {
			b.Fatal(err)
		}
	}
	where, err := CompileWhere(call(And,
		call(IPIn, ref("srcaddr"), lit("10.0.0.0/8")), call(Eq, ref("dstport"), lit(int64(22))), call(Eq, ref("action"), lit("REJECT"))), flowlog.KindVPC)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if ok, err := where(r); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}
