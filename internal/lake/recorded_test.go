package lake

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
)

// recordedLines are records of an agent and of others, each with another port, by field.
const recordedLines = `srcport weir-reject-rule action weir-would-action srcaddr weir-allow-rules dstaddr weir-reject-stage start end
1 web:ingress:implicit-deny ACCEPT REJECT 10.0.0.1 - 10.0.0.2 sg 1772452800 1772452860
2 - ACCEPT ACCEPT 10.0.0.1 acl-1:ingress:100%20web:ingress:tcp:80:10.0.0.0/8 10.0.0.2 - 1772452800 1772452860
3 acl-1:ingress:50 REJECT - 10.0.0.1 - 10.0.0.2 nacl 1772452800 1772452860
4 - ACCEPT - 10.0.0.1 - 10.0.0.2 - 1772452800 1772452860
5 - REJECT - 10.0.0.1 - 10.0.0.2 - 1772452800 1772452860
`

// recordedWant is what was recorded with recordedLines, by source port; of the others nothing was.
var recordedWant = map[int64]Told{
	1: {Stage: "sg", Rule: "web:ingress:implicit-deny", Attribution: recordedText},
	2: {Allow: "acl-1:ingress:100 web:ingress:tcp:80:10.0.0.0/8", Attribution: recordedText},
	3: {Stage: "nacl", Rule: "acl-1:ingress:50", Attribution: recordedText},
}

// checkRecorded checks that the lake has what was recorded, and of other records what is told.
func checkRecorded(t *testing.T, l *Lake) {
	t.Helper()
	got := map[int64]Told{}
	records := 0
	for _, batches := range vpcHours(t, l) {
		for _, b := range batches {
			for i := range b.Len() {
				records++
				if told := toldOf(b, i); told.Attribution == recordedText {
					got[b.Nums(flowlog.SrcPort)[i]] = told
				}
			}
		}
	}
	if diff := cmp.Diff(recordedWant, got); diff != "" || records < 5 {
		t.Fatalf("of %d records (-want +got):\n%s", records, diff)
	}
	checkTold(t, l)
}

// parquetOf returns records of text, with a header, as a Parquet object.
func parquetOf(t *testing.T, lines string) string {
	t.Helper()
	in, err := flowlog.NewDecoder(strings.NewReader(lines), flowlog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := in.Next()
	if err != nil {
		t.Fatal(err)
	}
	header, _, _ := strings.Cut(lines, "\n")
	format, err := flowlog.ParseLogFormat(header)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	w := flowlog.NewParquetWriter(&out, format)
	if err := errors.Join(w.Write(b), w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestRecorded keeps the rules that were recorded with records, whatever is told of them, when, and how often.
func TestRecorded(t *testing.T) {
	for _, c := range []struct{ parquet, asGiven bool }{{}, {parquet: true}, {asGiven: true}} {
		dir := t.TempDir()
		var d defined
		l := openLake(t, dir, d.options())
		o := newObject(noon, 1, 0)
		o.text = recordedLines
		if c.parquet {
			o.text = parquetOf(t, recordedLines)
		}
		o.ref.Size, o.ref.Slot = int64(len(o.text)), noon
		importAll(t, l, ImportOptions{AsGiven: c.asGiven}, o)
		if !c.asGiven {
			checkRecorded(t, l) // and nobody tells anything
		}
		for version := range uint64(3) {
			d.now = always(version + 1)
			mustAttribute(t, l)
			staleHours(t, l)
			checkRecorded(t, l)
		}
		// Records of the same hour that come later, and those of a neighbour.
		importAll(t, l, ImportOptions{}, newObject(noon, 2, 40), newObject(noon.Add(-5*time.Minute), 3, 40))
		mustCompact(t, l)
		checkRecorded(t, l)
		d.now = nil
		mustAttribute(t, l)
		checkRecorded(t, l)
		l.Close()
	}
}

// TestRecordedElsewhere takes what another lake told for what it is: it is told anew here, but for what was recorded there.
func TestRecordedElsewhere(t *testing.T) {
	var d defined
	l := openLake(t, t.TempDir(), d.options())
	d.now = always(1)
	o := newObject(noon, 1, 0)
	o.text = "srcport action srcaddr dstaddr start end weir-attribution weir-reject-stage weir-reject-rule\n" +
		"1 REJECT 10.0.0.1 10.0.0.2 1772452800 1772452860 exact nacl acl-9:ingress:*\n" +
		"2 REJECT 10.0.0.1 10.0.0.2 1772452800 1772452860 recorded sg web:ingress:implicit-deny\n"
	o.ref.Size, o.ref.Slot = int64(len(o.text)), noon
	importAll(t, l, ImportOptions{}, o)
	var got []Told
	for _, b := range vpcHours(t, l)[noon.Unix()] {
		for i := range b.Len() {
			got = append(got, toldOf(b, i))
		}
	}
	recorded := Told{Stage: "sg", Rule: "web:ingress:implicit-deny", Attribution: recordedText}
	if len(got) != 2 || !slices.Contains(got, recorded) || slices.ContainsFunc(got, func(t Told) bool { return t.Rule == "acl-9:ingress:*" }) {
		t.Errorf("%+v", got)
	}
	if checkTold(t, l) != 1 {
		t.Error("the other record is not told anew")
	}
}

// TestTellsNoRecorded refuses an Attribution that says recorded: a later one could not tell otherwise.
func TestTellsNoRecorded(t *testing.T) {
	for want, told := range map[string][]Told{
		"": {{Attribution: "exact", Stage: "sg"}, {}},
		"recorded can't be told: it is what was recorded": {{Attribution: recordedText}},
		`weir-reject-stage can't be "x"`:                  {{Stage: "x"}},
		"a record is told what stands at place 1 of 0":    {},
	} {
		got := ""
		if err := validTold([]uint32{0, 1}, told); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q; want %q", got, want)
		}
	}
}
