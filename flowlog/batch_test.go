package flowlog_test

import (
	"maps"
	"math"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
)

// record returns what a record holds, as text by field name; weir-event is the
// time of its log event.
func record(r flowlog.Record) map[string]string {
	out := map[string]string{}
	for _, f := range flowlog.Fields(r.Kind()) {
		if v, ok := r.Text(f.ID); ok {
			out[f.Name] = v
		}
	}
	maps.Insert(out, r.Unknown())
	return out
}

// fill sets fields of a record from text.
func fill(t testing.TB, r flowlog.Record, fields map[string]string) {
	t.Helper()
	for name, v := range fields {
		f, ok := flowlog.Lookup(name)
		if !ok {
			if err := r.SetUnknown(name, v); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := r.SetText(f.ID, v); err != nil {
			t.Fatal(err)
		}
	}
}

// TestBatch sets and reads records, some of which lack what others have.
func TestBatch(t *testing.T) {
	want := []map[string]string{
		{"srcaddr": "10.0.0.1", "bytes": "1", "colour": "blue"},
		{},
		{"dstaddr": "2001:db8::1", "bytes": "9223372036854775807", "vpc-id": "vpc-1"},
		{"srcaddr": "10.0.0.1", "taste": "sour"},
	}
	b := flowlog.NewBatch(flowlog.KindVPC)
	for _, w := range want {
		fill(t, b.Append(), w)
	}
	var got []map[string]string
	for r := range b.Records() {
		got = append(got, record(r))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if b.Len() != 4 || b.Kind() != flowlog.KindVPC {
		t.Errorf("%d records of kind %s", b.Len(), b.Kind())
	}
	if c := b.Texts(flowlog.SrcAddr); c.At(0) != c.At(3) || c.At(1) != 0 || len(c.Dict) != 2 {
		t.Errorf("column of srcaddr: codes %v, dictionary %q", c.Codes, c.Dict)
	}
	if b.Texts(flowlog.Action) != nil || b.Nums(flowlog.Packets) != nil {
		t.Error("columns of fields that no record has")
	}
}

// TestBatchCopies checks that a copy of a record is the record, whatever columns
// the batches have.
func TestBatchCopies(t *testing.T) {
	data := header + " colour\n" + accept + " blue\n" + nodata + " -\n"
	batches, _, err := decode(t, []byte(data), flowlog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	to := flowlog.NewBatch(flowlog.KindVPC)
	fill(t, to.Append(), map[string]string{"taste": "sour", "vpc-id": "vpc-1"})
	for r := range batches[0].Records() {
		to.AppendFrom(r)
	}
	for i, r := range []flowlog.Record{batches[0].At(0), batches[0].At(1)} {
		if diff := cmp.Diff(record(r), record(to.At(i+1))); diff != "" {
			t.Errorf("copy of record %d (-want +got):\n%s", i, diff)
		}
	}
}

func TestSetRefusals(t *testing.T) {
	b := flowlog.NewBatch(flowlog.KindVPC)
	r := b.Append()
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"port", r.SetInt(flowlog.SrcPort, 65536), "flowlog: 65536 is out of the range of srcport (0 to 65535)"},
		{"negative", r.SetInt(flowlog.Bytes, -1), "flowlog: -1 is out of the range of bytes (0 to 9223372036854775807)"},
		{"version", r.SetInt(flowlog.Version, 1), "flowlog: 1 is out of the range of version (2 to 2147483647)"},
		{"number into text", r.SetInt(flowlog.Action, 1), "flowlog: field action holds no numbers"},
		{"later than what counts as seconds", r.SetInt(flowlog.Start, 100_000_000_000), "flowlog: 100000000000 is out of the range of start (0 to 99999999999)"},
		{"microseconds", r.SetText(flowlog.End, "1418530010000000"), "flowlog: end: 1418530010000 is out of range (0 to 99999999999)"},
		{"text into number", r.SetText(flowlog.Bytes, "many"), `flowlog: bytes: "many" is not a number`},
		{"no action", r.SetText(flowlog.Action, "accept"), `flowlog: action: "accept" is none of ACCEPT, REJECT`},
		{"no address", r.SetText(flowlog.SrcAddr, "10.0.0"), `flowlog: srcaddr: "10.0.0" is not an IP address`},
		{"zero address", r.SetAddr(flowlog.SrcAddr, netip.Addr{}), `flowlog: srcaddr: "invalid IP" is not an IP address`},
		{"the map", r.SetText(flowlog.WeirUnknown, "x"), "flowlog: field weir-unknown holds no text"},
		{"no UTF-8", r.SetText(flowlog.VPCID, "vpc-\xff"), `flowlog: vpc-id: "vpc-\xff" is not UTF-8 text`},
		{"control character", r.SetText(flowlog.VPCID, "vpc-\n1"), `flowlog: vpc-id: "vpc-\n1" holds a control character`},
		{"no UTF-8, unknown field", r.SetUnknown("Some_Name", "a\xff"), `flowlog: some-name: "a\xff" is not UTF-8 text`},
		{"known, as unknown field", r.SetUnknown("Log_Status", "OK"), "flowlog: log-status is no unknown field"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			if tc.err == nil || tc.err.Error() != tc.want {
				t.Errorf("error %v, want %s", tc.err, tc.want)
			}
		})
	}
	if got := record(r); len(got) != 0 {
		t.Errorf("a refused value was set: %v", got)
	}
}

func TestSetText(t *testing.T) {
	tests := []struct {
		name, field, in, want string // want "" is absent
	}{
		{"IPv6 in another spelling", "srcaddr", "2001:DB8:0:0::1", "2001:db8::1"},
		{"IPv4 in IPv6", "srcaddr", "::FFFF:10.0.0.1", "::ffff:10.0.0.1"},
		{"dash", "srcaddr", "-", ""},
		{"empty", "vpc-id", "", ""},
		{"number", "bytes", "007", "7"},
		{"dash for a number", "bytes", "-", ""},
		{"empty for a number", "bytes", "", ""},
		{"milliseconds", "start", "1418530010999", "1418530010"},
		{"the last second", "start", "99999999999", "99999999999"},
		{"the first millisecond", "start", "100000000000", "100000000"},
		{"a large count is no time", "packets", "1418530010999", "1418530010999"},
		{"tag", "instance-tag", "caf%C3%A9%20au%20lait", "caf%C3%A9%20au%20lait"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			b := flowlog.NewBatch(flowlog.KindVPC)
			r := b.Append()
			f, _ := flowlog.Lookup(tc.field)
			for _, v := range []string{"10", tc.in} { // 10 is overwritten
				if f.Addr && v == "10" {
					v = "10.9.8.7"
				}
				if err := r.SetText(f.ID, v); err != nil {
					t.Fatal(err)
				}
			}
			got, ok := r.Text(f.ID)
			if got != tc.want || ok != (tc.want != "") || r.Has(f.ID) != ok {
				t.Errorf("%q, %v, want %q", got, ok, tc.want)
			}
		})
	}
}

func TestAddr(t *testing.T) {
	b := flowlog.NewBatch(flowlog.KindVPC)
	r := b.Append()
	want := netip.MustParseAddr("2001:db8::5")
	if err := r.SetAddr(flowlog.DstAddr, want); err != nil {
		t.Fatal(err)
	}
	if got, ok := r.Addr(flowlog.DstAddr); !ok || got != want {
		t.Errorf("%s, %v", got, ok)
	}
	if got, ok := r.Addr(flowlog.SrcAddr); ok {
		t.Errorf("an address that was never set: %s", got)
	}
}

// TestColumns replaces whole columns.
func TestColumns(t *testing.T) {
	b := flowlog.NewBatch(flowlog.KindVPC)
	for range 3 {
		b.Append()
	}
	b.SetNums(flowlog.Bytes, []int64{1, flowlog.Absent, math.MaxInt64})
	b.FillText(flowlog.WeirObject, "s3://bucket/key")
	c := &flowlog.TextColumn{}
	c.Codes = []uint32{c.Code("a"), c.Code(""), c.Code("a")}
	b.SetTexts(flowlog.VPCID, c)
	want := []map[string]string{
		{"bytes": "1", "weir-object": "s3://bucket/key", "vpc-id": "a"},
		{"weir-object": "s3://bucket/key"},
		{"bytes": "9223372036854775807", "weir-object": "s3://bucket/key", "vpc-id": "a"},
	}
	var got []map[string]string
	for r := range b.Records() {
		got = append(got, record(r))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	b.FillText(flowlog.WeirObject, "")
	b.SetTexts(flowlog.VPCID, nil)
	b.SetNums(flowlog.Bytes, nil)
	if got := record(b.At(0)); len(got) != 0 {
		t.Errorf("after removal: %v", got)
	}
}

// TestMisuse checks that a wrong use is named at once.
func TestMisuse(t *testing.T) {
	b := flowlog.NewBatch(flowlog.KindVPC)
	b.Append()
	other := flowlog.NewBatch(flowlog.KindTGW)
	tests := map[string]func(){
		"no kind":            func() { flowlog.NewBatch(0) },
		"no such record":     func() { b.At(1) },
		"numbers":            func() { b.SetNums(flowlog.Bytes, []int64{1, 2}) },
		"texts":              func() { b.SetTexts(flowlog.VPCID, &flowlog.TextColumn{}) },
		"record of other":    func() { b.AppendFrom(other.Append()) },
		"no such field":      func() { t.Log(flowlog.FieldByID(flowlog.FieldID(flowlog.NumFields))) },
		"negative record id": func() { b.At(-1) },
	}
	for name, misuse := range tests {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			misuse()
		})
	}
}

// TestDictionary fills a column with more texts than its table first holds, and
// finds each under one code.
func TestDictionary(t *testing.T) {
	c := &flowlog.TextColumn{}
	codes := map[string]uint32{}
	for i := range 10_000 {
		v := strings.Repeat("x", i%7) + string(rune('a'+i%26)) + strings.Repeat("y", i%1000)
		code := c.Code(v)
		if was, ok := codes[v]; ok && was != code {
			t.Fatalf("%q has codes %d and %d", v, was, code)
		}
		codes[v] = code
		if c.Dict[code] != v {
			t.Fatalf("code %d is %q, not %q", code, c.Dict[code], v)
		}
	}
	if len(c.Dict) != len(codes)+1 || c.Dict[0] != "" {
		t.Errorf("%d texts for %d values", len(c.Dict), len(codes))
	}
}
