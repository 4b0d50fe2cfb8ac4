package flowlog_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"weir/flowlog"
)

// badLines returns the bad lines as people see them.
func badLines(st flowlog.Stats) []string {
	var out []string
	for _, e := range st.BadLines {
		out = append(out, e.Error())
	}
	return out
}

// TestFindingRecords reads objects in which the records stand among other things:
// what is no record costs itself only, and is named with its place.
func TestFindingRecords(t *testing.T) {
	bad := strings.Replace(accept, "20641", "99999", 1)
	tests := []struct {
		name, data string
		records    int64
		bad        []string
	}{
		{"a control byte below the header", header + "\n\x00\x01garbage\n" + accept, 1, []string{"line 2: 1 fields where the format has 14"}},
		{"a control byte without a header", accept + "\n\x7f\n" + accept, 2, []string{"line 2: 1 fields where the format has 14"}},
		{"a control byte first", "\x00\n" + header + "\n" + accept, 1, []string{"line 1: stands before the first line that is a flow log's"}},
		{"a control byte in JSON", "{\x00}\n{\"message\":" + quoted(t, accept) + "}", 1, []string{"line 1: no JSON document of records: invalid character '\\x00' looking for beginning of object key string"}},
		{"the first line is bad", bad + "\n" + accept, 1, []string{"line 1, column 65: srcport: 99999 is out of range (0 to 65535)"}},
		{"the first line shows no format", strings.Replace(accept, "eni-", "eni:", 1) + "\n" + accept, 2, nil},
		{"many lines before a record", strings.Repeat("-- a line\n", 1000) + accept, 1, []string{"line 1: 3 fields where the format has 14"}},
		{"many lines before the header", strings.Repeat("-- a line\n", 1000) + header + "\n" + accept, 1, []string{"line 1: stands before the first line that is a flow log's"}},
		{"many JSON documents before", strings.Repeat("{\"a\":1}\n", 1000) + `{"message":` + quoted(t, accept) + "}", 1, []string{"line 1: no JSON document with logEvents, events or message"}},
		{"a time alone", header + "\n2025-02-25T12:25:04.000Z\n" + accept, 1, []string{"line 2: 1 fields where the format has 14"}},
		{"spaces in front", header + "\n  " + bad, 0, []string{"line 2, column 67: srcport: 99999 is out of range (0 to 65535)"}},
		{"a time in front", header + "\n2025-02-25T12:25:04.000Z " + bad, 0, []string{"line 2, column 90: srcport: 99999 is out of range (0 to 65535)"}},
		{"JSON", `{"message":` + quoted(t, accept) + "}\n" + `{"message":` + quoted(t, bad) + "}", 1, []string{"line 2: srcport: 99999 is out of range (0 to 65535)"}},
		{
			"JSON events", `{"logEvents":[{"message":` + quoted(t, accept) + `},{"message":` + quoted(t, bad) + `}]}`, 1,
			[]string{"line 1: event 2: srcport: 99999 is out of range (0 to 65535)"},
		},
		{
			"a wrong header later", header + "\n" + accept + "\nsrcaddr srcaddr dstaddr\n10.0.0.1 10.0.0.2 10.0.0.3\n" + header + "\n" + accept, 2,
			[]string{"line 3: a header that can't be read: field srcaddr stands there twice", "line 4: stands under a header that can't be read"},
		},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			_, stats, err := decode(t, []byte(tc.data), flowlog.Options{})
			if err != nil || stats.Records != tc.records {
				t.Fatalf("%d records, bad %v, error %v", stats.Records, stats.BadLines, err)
			}
			got := badLines(stats)
			if stats.Bad == 1000 && len(tc.bad) == 1 {
				got = got[:1] // the others are alike
			}
			if diff := cmp.Diff(tc.bad, got); diff != "" {
				t.Errorf("bad (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNoRecords checks what objects without a record are called.
func TestNoRecords(t *testing.T) {
	given := mustFormat(t, "srcaddr bytes start")
	noise := make([]byte, 1<<20)
	for i := range noise {
		noise[i] = byte(i * i >> 3)
	}
	png := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), noise...)
	tests := []struct {
		name string
		data []byte
		opts flowlog.Options
		want error
		text string
	}{
		{"a picture", png, flowlog.Options{}, flowlog.ErrNotFlowLog, "no flow log: binary data"},
		{"a small picture", png[:40], flowlog.Options{}, flowlog.ErrNotFlowLog, "no flow log: binary data"},
		{"a picture, format given", png, flowlog.Options{Format: &given}, flowlog.ErrNotFlowLog, "no flow log: binary data"},
		{"noise", noise, flowlog.Options{}, flowlog.ErrNotFlowLog, "no flow log: binary data"},
		{"noise that begins as JSON", append([]byte("{\x00"), noise...), flowlog.Options{}, flowlog.ErrNotFlowLog, "no flow log: binary data"},
		{"one line", make([]byte, 1<<20), flowlog.Options{}, flowlog.ErrNotFlowLog, "no flow log: binary data"},
		{
			"two kinds", []byte("tgw-id action srcaddr\ntgw-1 ACCEPT 10.0.0.1\n"),
			flowlog.Options{},
			flowlog.ErrNoFormat,
			"format unknown: line 1: a header that can't be read: field action is of VPC flow logs only and tgw-id of transit gateway flow logs only",
		},
		{
			"a field twice", []byte("srcaddr srcaddr dstaddr\n10.0.0.1 10.0.0.2 10.0.0.3\n"),
			flowlog.Options{},
			flowlog.ErrNoFormat,
			"format unknown: line 1: a header that can't be read: field srcaddr stands there twice",
		},
		{"prose about fields", []byte("the srcaddr and the dstaddr\n"), flowlog.Options{}, flowlog.ErrNotFlowLog, `no flow log: line 1: "the srcaddr and the dstaddr"`},
		{"SQL", []byte(strings.Repeat("  srcaddr string,\n", 30) + "traffic_path int\n"), flowlog.Options{}, flowlog.ErrNotFlowLog, `no flow log: line 1: "  srcaddr string,"`},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			_, stats, err := decode(t, tc.data, tc.opts)
			if !errors.Is(err, tc.want) || err.Error() != tc.text || stats.Records > 0 || stats.Bad > 0 {
				t.Errorf("%d records, %d bad, error %v\nwant %s", stats.Records, stats.Bad, err, tc.text)
			}
		})
	}
}

// TestSecondHeader checks that a later header is known by any of its names: the
// columns below would change places else.
func TestSecondHeader(t *testing.T) {
	const first = "instance-id srcaddr dstaddr\ni-1 10.0.0.1 10.0.0.2\n"
	want := []string{
		`{"srcaddr":"10.0.0.1","dstaddr":"10.0.0.2","instance_id":"i-1"}`,
		`{"srcaddr":"10.0.0.4","dstaddr":"10.0.0.3","new_id":"x"}`,
	}
	for name, second := range map[string]string{
		"an unknown name first": "new-id dstaddr srcaddr\nx 10.0.0.3 10.0.0.4\n",
		"tabs":                  "new-id\tdstaddr\tsrcaddr\nx\t10.0.0.3\t10.0.0.4\n",
		"upper case":            "NEW_ID DSTADDR SRCADDR\nx 10.0.0.3 10.0.0.4\n",
		"a known name, tabs":    "dstaddr\tnew-id\tsrcaddr\n10.0.0.3\tx\t10.0.0.4\n",
	} {
		t.Run(name, func(t *testing.T) {
			batches, stats, err := decode(t, []byte(first+second), flowlog.Options{})
			if err != nil || stats.Bad > 0 {
				t.Fatalf("bad %v, error %v", stats.BadLines, err)
			}
			var got []string
			for _, b := range batches {
				for r := range b.Records() {
					got = append(got, string(flowlog.AppendJSON(nil, r)))
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
		})
	}
}

// TestChangingFormats reads objects whose format changes with each line, in
// batches of several sizes: no record gets lost, no batch is too large, and it
// takes memory for the records, not for each change.
func TestChangingFormats(t *testing.T) {
	const n = 2000
	shared := "version srcaddr dstaddr"
	several := []string{}
	for i := range 40 {
		several = append(several, "srcaddr new-"+strings.Repeat("x", i+1), "10.0.0.1 1")
	}
	for name, tc := range map[string]struct {
		lines []string
		bad   bool
	}{
		"without headers":  {lines: []string{accept, tgwLine}},
		"with headers":     {lines: []string{flowlog.DefaultFormat(flowlog.KindTGW).Header(), tgwLine, header, accept}},
		"of one header":    {lines: []string{shared, "2 10.0.0.1 10.0.0.2", "6 10.0.0.3 10.0.0.4"}},
		"of forty headers": {lines: several},
		"bad lines first":  {lines: []string{header, "2 123456789010 eni-1 half"}, bad: true},
	} {
		t.Run(name, func(t *testing.T) {
			data := []byte(strings.Repeat(strings.Join(tc.lines, "\n")+"\n", n) + accept)
			want := int64(0) // lines that are no header, but for the last
			for _, l := range tc.lines {
				if _, ok := flowlog.ParseHeader(l); !ok {
					want += n
				}
			}
			for _, most := range []int{0, 1000} {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				batches, stats, err := decode(t, data, flowlog.Options{BatchRecords: most})
				runtime.ReadMemStats(&after)
				if err != nil || stats.Records+stats.Bad != want+1 || tc.bad == (stats.Records > 1) {
					t.Fatalf("%d records, %d bad %v, error %v", stats.Records, stats.Bad, stats.BadLines[:min(len(stats.BadLines), 3)], err)
				}
				if each := int64(after.TotalAlloc-before.TotalAlloc) / want; each > 25_000 {
					t.Errorf("%d bytes were made for each line", each)
				}
				for _, b := range batches {
					if most > 0 && b.Len() > most {
						t.Errorf("a batch of %d records", b.Len())
					}
					for r := range b.Records() {
						if v, ok := r.Int(flowlog.Version); ok && (v == 6) != (r.Kind() == flowlog.KindTGW) {
							t.Fatalf("version %d among records of kind %s", v, r.Kind())
						}
					}
				}
			}
		})
	}
}

// TestUnclosedJSON checks that a document that is not closed costs itself only.
func TestUnclosedJSON(t *testing.T) {
	one, two := `{"message":`+quoted(t, accept)+`}`, `{"message":`+quoted(t, reject)+`}`
	open := one[:len(one)-1]
	huge := "{\"a\":[\n" + strings.Repeat("0,\n", 23<<20) + "\n"
	tests := []struct {
		name, data string
		records    int64
		bad        []string
	}{
		{"a document", open + "\n" + one + "\n" + two + "\n", 2, []string{"line 1: the JSON document breaks off"}},
		{"behind a comma", open + ",\n" + one + "\n" + two + "\n", 2, []string{"line 1: the JSON document breaks off"}},
		{
			"several", open + "\n" + one + "\n" + open + "\n" + open + "\n  " + two + "\n", 2,
			[]string{"line 1: the JSON document breaks off", "line 3: the JSON document breaks off", "line 4: the JSON document breaks off"},
		},
		{"over lines", "{\"a\":\n{\"b\":[\n{},\n{}\n]},\n" + one[1:] + "\n" + two, 2, nil},
		{"very long", one + "\n" + huge + two, 2, []string{"line 2: a JSON document of over 64 MiB"}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			_, stats, err := decode(t, []byte(tc.data), flowlog.Options{})
			if err != nil || stats.Records != tc.records {
				t.Fatalf("%d records, bad %v, error %v", stats.Records, badLines(stats), err)
			}
			if diff := cmp.Diff(tc.bad, badLines(stats)[:min(len(tc.bad), len(stats.BadLines))]); diff != "" {
				t.Errorf("bad (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSkippableZstd reads zstd that begins with a frame that is passed over.
func TestSkippableZstd(t *testing.T) {
	skipped := []byte{0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'a', 'b', 'c'}
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, stats, err := decode(t, z.EncodeAll([]byte(header+"\n"+accept), skipped), flowlog.Options{})
	if err != nil || stats.Records != 1 || stats.Compression != "zstd" {
		t.Errorf("%d records of %q, error %v", stats.Records, stats.Compression, err)
	}
}
