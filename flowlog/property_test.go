package flowlog_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
)

// rounds is how many random batches each property is tried on.
const rounds = 60

// randomFormat returns some fields of a kind in any order, weir's own and unknown
// ones among them; it always has a field that marks it as a flow log's.
func randomFormat(t testing.TB, rng *rand.Rand) flowlog.Format {
	t.Helper()
	kind := flowlog.KindVPC + flowlog.Kind(rng.IntN(2))
	names := []string{"log-status"}
	if kind == flowlog.KindTGW {
		names = append(names, "tgw-id")
	}
	share := rng.Float64()
	for _, f := range flowlog.Fields(kind) {
		if f.Type != flowlog.Map && f.Name != "log-status" && f.Name != "tgw-id" && rng.Float64() < share {
			names = append(names, f.Name)
		}
	}
	for i := range rng.IntN(3) {
		names = append(names, fmt.Sprintf("new-field-%d", i))
	}
	rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	return mustFormat(t, strings.Join(names, " "))
}

// randomValue returns a value of a field, which is nil for an unknown one.
func randomValue(rng *rand.Rand, f *flowlog.Field) string {
	switch {
	case f == nil || !f.Numeric() && f.Values == nil && !f.Addr:
		return []string{"a", "eni-0123", "vpc/é", "100%", "x=1,y=\"2\"", "<&>", "arn:aws:ecs:r:1:c/d", "日本"}[rng.IntN(8)]
	case f.Values != nil:
		return f.Values[rng.IntN(len(f.Values))]
	case f.Addr && rng.IntN(2) == 0:
		return netip.AddrFrom4([4]byte{10, byte(rng.IntN(2)), 0, byte(rng.IntN(256))}).String()
	case f.Addr:
		var a [16]byte
		a[0], a[1], a[15] = 0x20, 0x01, byte(rng.IntN(256))
		return netip.AddrFrom16(a).String()
	case f.Epoch: // below what counts as milliseconds
		return strconv.FormatInt(rng.Int64N(100_000_000_000), 10)
	case f.Type == flowlog.Timestamp: // until the year 9999, as RFC 3339 has it
		return strconv.FormatInt(rng.Int64N(253_402_300_800), 10)
	}
	switch rng.IntN(4) {
	case 0:
		return strconv.FormatInt(f.Min, 10)
	case 1:
		return strconv.FormatInt(f.Max, 10)
	}
	return strconv.FormatInt(f.Min+rng.Int64N(f.Max-f.Min), 10)
}

// randomBatch returns records of a format, and what they hold. Records are such
// as AWS's text can carry: version and times are there, and an address is where
// its port is.
func randomBatch(t testing.TB, rng *rand.Rand, format flowlog.Format) (*flowlog.Batch, []map[string]string) {
	t.Helper()
	b := flowlog.NewBatch(format.Kind())
	var want []map[string]string
	for range 1 + rng.IntN(300) {
		m := map[string]string{}
		for i, name := range format.Names() {
			f, _ := format.Field(i)
			always := f != nil && (f.ID == flowlog.Version || f.Epoch || f.ID == flowlog.SrcAddr || f.ID == flowlog.DstAddr)
			switch {
			case !always && rng.IntN(4) == 0:
			case f != nil && f.ID == flowlog.Version:
				m[name] = strconv.Itoa(format.RecordVersion())
			default:
				m[name] = randomValue(rng, f)
			}
		}
		fill(t, b.Append(), m)
		want = append(want, m)
	}
	return b, want
}

// records returns what the records of batches hold.
func records(batches []*flowlog.Batch) []map[string]string {
	var out []map[string]string
	for _, b := range batches {
		for r := range b.Records() {
			out = append(out, record(r))
		}
	}
	return out
}

// TestRoundTrip writes random batches as text, plain and compressed, and as
// Parquet, and reads them back: the records must be the same.
func TestRoundTrip(t *testing.T) {
	for seed := range uint64(rounds) {
		rng := rand.New(rand.NewPCG(seed, 1))
		format := randomFormat(t, rng)
		b, want := randomBatch(t, rng, format)
		text := write(t, textWriter(format), b)
		_, lines, _ := strings.Cut(string(text), "\n")
		exact := flowlog.Options{Exact: true, BatchRecords: 1 + rng.IntN(400)}
		for how, in := range map[string]struct {
			data []byte
			opts flowlog.Options
		}{
			"text":                 {text, flowlog.Options{BatchRecords: 1 + rng.IntN(400)}},
			"gzip":                 {gz(t, string(text)), flowlog.Options{}},
			"text without header":  {[]byte(lines), flowlog.Options{Format: &format}},
			"Parquet":              {write(t, parquetWriter(format), b), exact},
			"Parquet of two parts": {write(t, parquetWriter(format), halves(b)...), exact},
		} {
			back, stats, err := decode(t, in.data, in.opts)
			if err != nil || stats.Bad > 0 {
				t.Fatalf("seed %d, %s, format %s: bad %v, error %v", seed, how, format, stats.BadLines, err)
			}
			if got := records(back); !slices.EqualFunc(want, got, maps.Equal) {
				t.Fatalf("seed %d, %s, format %s: records (-want +got):\n%s", seed, how, format, cmp.Diff(want, got))
			}
			if back[0].Kind() != b.Kind() && !format.Shared() {
				t.Fatalf("seed %d, %s: kind %s, want %s", seed, how, back[0].Kind(), b.Kind())
			}
		}
	}
}

// halves returns the records of a batch in two.
func halves(b *flowlog.Batch) []*flowlog.Batch {
	out := []*flowlog.Batch{flowlog.NewBatch(b.Kind()), flowlog.NewBatch(b.Kind())}
	for i := range b.Len() {
		out[min(i*2/b.Len(), 1)].AppendFrom(b.At(i))
	}
	return out
}

// TestJSONIsTheRecord writes random batches as JSON and reads them with another
// reader: each member is the field, numbers as numbers, in the column's name.
func TestJSONIsTheRecord(t *testing.T) {
	for seed := range uint64(rounds) {
		rng := rand.New(rand.NewPCG(seed, 2))
		b, want := randomBatch(t, rng, randomFormat(t, rng))
		dec := json.NewDecoder(bytes.NewReader(write(t, flowlog.NewJSONWriter, b)))
		dec.UseNumber()
		for i := range want {
			var got map[string]any
			if err := dec.Decode(&got); err != nil {
				t.Fatal(err)
			}
			wantJSON := map[string]any{}
			for name, v := range want[i] {
				wantJSON[flowlog.ColumnName(name)] = jsonValue(t, name, v)
			}
			if !maps.Equal(wantJSON, got) {
				t.Fatalf("seed %d, record %d (-want +got):\n%s", seed, i, cmp.Diff(wantJSON, got))
			}
		}
		if dec.More() {
			t.Fatalf("seed %d: more than %d records", seed, len(want))
		}
	}
}

// jsonValue returns the value that stands in JSON for a field's text.
func jsonValue(t testing.TB, name, v string) any {
	t.Helper()
	f, ok := flowlog.Lookup(name)
	switch {
	case !ok || !f.Numeric():
		return v
	case f.Type == flowlog.Timestamp:
		sec, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return time.Unix(sec, 0).UTC().Format("2006-01-02T15:04:05Z")
	}
	return json.Number(v)
}

// TestCSVIsTheRecord writes random batches as CSV and reads them with another
// reader.
func TestCSVIsTheRecord(t *testing.T) {
	for seed := range uint64(rounds) {
		rng := rand.New(rand.NewPCG(seed, 3))
		format := randomFormat(t, rng)
		b, want := randomBatch(t, rng, format)
		r := csv.NewReader(bytes.NewReader(write(t, csvWriter(format), b)))
		head, err := r.Read()
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; ; i++ {
			row, err := r.Read()
			if err == io.EOF {
				if i != len(want) {
					t.Fatalf("seed %d: %d rows for %d records", seed, i, len(want))
				}
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for k, v := range row {
				if v != "" {
					got[flowlog.CanonicalName(head[k])] = v
				}
			}
			if !maps.Equal(want[i], got) {
				t.Fatalf("seed %d, record %d (-want +got):\n%s", seed, i, cmp.Diff(want[i], got))
			}
		}
	}
}
