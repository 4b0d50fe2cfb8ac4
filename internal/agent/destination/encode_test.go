package destination

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/agent/config"
)

// read returns the lines of an object.
func read(t *testing.T, f flowlog.Format, data []byte) (lines []string) {
	t.Helper()
	d, err := flowlog.NewDecoder(bytes.NewReader(data), flowlog.Options{})
	for err == nil {
		var b *flowlog.Batch
		if b, err = d.Next(); err == nil {
			for r := range b.Records() {
				lines = append(lines, string(flowlog.AppendText(nil, r, f)))
			}
		}
	}
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return lines
}

// TestEncode has all types of destinations: the records come back, the same batch has the same bytes, and another other ones, also where the format leaves out what tells them apart.
func TestEncode(t *testing.T) {
	all := []string{accepted, rejected, noData, skipData}
	short, err := flowlog.ParseLogFormat("interface-id action log-status start")
	if err != nil {
		t.Fatal(err)
	}
	later := strings.Replace(accepted, "1418530070", "1418530071", 1)
	for _, parquet := range []bool{false, true} {
		for _, kind := range []config.DestinationType{config.Folder, config.S3} {
			l := flowLog(config.Delivery{Type: kind})
			l.Parquet = parquet
			data, err := Encode(l, batch(t, all...))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(all, read(t, l.Format, data)); diff != "" {
				t.Error(diff)
			}
			if n, err := recordsOf(l, data); n != 4 || err != nil {
				t.Errorf("%d records: %v", n, err)
			}
			if n, err := recordsOf(l, data[:len(data)-20]); err == nil {
				t.Errorf("%d records of what is cut off", n)
			}
			l.Format = short
			of := func(line string) string { return string(item(t, l, batch(t, line)).Data) }
			if first, again := of(accepted), of(accepted); first != again || first == of(later) {
				t.Errorf("parquet %v: windows have the same bytes, or one has not", parquet)
			}
		}
	}
	for _, kind := range []config.DestinationType{config.CloudWatchLogs, config.Firehose} {
		l := flowLog(config.Delivery{Type: kind})
		a, b := item(t, l, batch(t, all...)).Data, item(t, l, batch(t, all...)).Data
		if !bytes.Equal(a, b) {
			t.Errorf("%s: the same batch has other bytes", kind)
		}
		var got []string
		streams, err := decodeLines(a)
		for _, s := range streams {
			for _, e := range s.events {
				got = append(got, e.line)
			}
		}
		slices.Sort(got)
		if want := slices.Sorted(slices.Values(all)); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q: %v", kind, got, err)
		}
	}
	if data, err := Encode(flowLog(config.Delivery{Type: "fax"}), batch(t, accepted)); err == nil {
		t.Errorf("%x", data)
	}
}

// TestEncodeAll has objects that are too large: all records are in smaller ones, in order.
func TestEncodeAll(t *testing.T) {
	var lines []string
	for port := range 11 {
		lines = append(lines, strings.Replace(accepted, "20641", fmt.Sprint(port), 1))
	}
	l := flowLog(config.Delivery{})
	objects, err := encodeAll(l, batch(t, lines...), func(l *config.FlowLog, b *flowlog.Batch) ([]byte, error) {
		if b.Len() > 3 {
			return nil, ErrTooLarge
		}
		return Encode(l, b)
	})
	var got []string
	for _, o := range objects {
		lines := read(t, l.Format, o.Data)
		if got = append(got, lines...); len(lines) != o.Records {
			t.Errorf("%d records of %d", len(lines), o.Records)
		}
	}
	if err != nil || !slices.Equal(got, lines) {
		t.Errorf("%q: %v", got, err)
	}
	objects, err = encodeAll(l, batch(t, accepted), func(*config.FlowLog, *flowlog.Batch) ([]byte, error) { return nil, ErrTooLarge })
	if !errors.Is(err, ErrTooLarge) {
		t.Errorf("%d objects of a record that is too large: %v", len(objects), err)
	}
	if objects, err = EncodeAll(l, batch(t, lines...)); len(objects) != 1 || err != nil {
		t.Errorf("%d objects: %v", len(objects), err)
	}
}

// TestEncodeRefuses has a record that no line can carry, and ones that have no place in a log group.
func TestEncodeRefuses(t *testing.T) {
	f, err := flowlog.ParseLogFormat("vpc-id")
	if err != nil {
		t.Fatal(err)
	}
	b := flowlog.NewBatch(flowlog.KindVPC)
	if err := b.Append().SetText(flowlog.VPCID, "vpc 1"); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []config.DestinationType{config.Folder, config.CloudWatchLogs, config.Firehose} {
		if data, err := Encode(&config.FlowLog{Format: f, Delivery: config.Delivery{Type: kind}}, b); err == nil {
			t.Errorf("%s: %x", kind, data)
		}
	}
	l := flowLog(config.Delivery{Type: config.CloudWatchLogs})
	for _, gone := range []flowlog.FieldID{flowlog.InterfaceID, flowlog.Start} {
		b := batch(t, accepted)
		if gone == flowlog.Start {
			b.SetNums(gone, nil)
		} else {
			b.SetTexts(gone, nil)
		}
		if data, err := Encode(l, b); err == nil || !strings.HasPrefix(err.Error(), "record 1 has no interface-id or tgw-id, or no start") {
			t.Errorf("%x: %v", data, err)
		}
	}
}

// pack makes an item's bytes of a text.
func pack(t testing.TB, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	if _, err := io.WriteString(zip, text); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestDecodeRefuses has bytes that are no lines.
func TestDecodeRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "no lines of a flow log, or in a form of another version",
		"weir lines 2\n1 a\n":              "no lines of a flow log, or in a form of another version",
		"weir lines 1\n1 a":                "the last line is cut off",
		"weir lines 1\n=\n1 a\n":           "line 2: no name of a log stream",
		"weir lines 1\n=s\n1 a\nb c d e\n": "line 4 is no record with its time",
		"weir lines 1\n=s\n1 \n":           "line 3 is no record with its time",
		"weir lines 1\n\n":                 "line 2 is no record with its time",
	} {
		if s, err := decodeLines(pack(t, text)); err == nil || err.Error() != want {
			t.Errorf("%q: %v: %v", text, s, err)
		}
	}
	whole := pack(t, "weir lines 1\n1 a\n")
	for _, data := range [][]byte{nil, []byte("weir lines 1\n"), whole[:len(whole)-3]} {
		if s, err := decodeLines(data); err == nil {
			t.Errorf("%x: %v", data, s)
		}
	}
}

// FuzzParseLines looks for a text that is read otherwise than it is written.
func FuzzParseLines(f *testing.F) {
	f.Add("weir lines 1\n=eni-1-all\n1418530010000 " + accepted + "\n=eni-2-all\n1 a\n2 b\n")
	f.Add("weir lines 1\n-1 x\n")
	f.Add("weir lines 1\n=\n")
	f.Fuzz(func(t *testing.T, text string) {
		streams, err := parseLines(text)
		if err != nil {
			return
		}
		events := 0
		for i, s := range streams {
			if s.name == "" && i > 0 {
				t.Errorf("%q: a stream without a name", text)
			}
			events += len(s.events)
		}
		if got := strings.Count(text, "\n"); got != 1+len(streams)+events && !(len(streams) > 0 && streams[0].name == "" && got == len(streams)+events) {
			t.Errorf("%q: %d streams, %d events", text, len(streams), events)
		}
		batches, large := batchesOf(streams)
		for _, b := range batches {
			events -= len(b.events)
		}
		if events != large {
			t.Errorf("%q: %d events are in no batch, %d are too large", text, events, large)
		}
	})
}

// TestTransitStreams has records of transit gateways for a log group: each transit gateway has a stream, whichever of its attachments it was.
func TestTransitStreams(t *testing.T) {
	b := flowlog.NewBatch(flowlog.KindTGW)
	for _, at := range [][2]string{{"tgw-2", "tgw-attach-3"}, {"tgw-1", "tgw-attach-1"}, {"tgw-1", "tgw-attach-2"}} {
		r := b.Append()
		if err := errors.Join(r.SetText(flowlog.TGWID, at[0]), r.SetText(flowlog.TGWAttachmentID, at[1]), r.SetInt(flowlog.Start, 7)); err != nil {
			t.Fatal(err)
		}
	}
	f, err := flowlog.ParseLogFormat("tgw-attachment-id start")
	if err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[config.DestinationType][]stream{
		config.CloudWatchLogs: {{"tgw-1", []event{{7000, "tgw-attach-1 7"}, {7000, "tgw-attach-2 7"}}}, {"tgw-2", []event{{7000, "tgw-attach-3 7"}}}},
		config.Firehose:       {{"", []event{{7000, "tgw-attach-3 7"}, {7000, "tgw-attach-1 7"}, {7000, "tgw-attach-2 7"}}}},
	} {
		data, err := Encode(&config.FlowLog{Resource: "tgw-1", Format: f, Delivery: config.Delivery{Type: kind}}, b)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decodeLines(data); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, %v", kind, got, err)
		}
	}
}
