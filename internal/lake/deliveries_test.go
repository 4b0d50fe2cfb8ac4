package lake

import (
	"testing"
	"time"

	"weir/flowlog"
)

func TestDeliveries(t *testing.T) {
	taken := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	l := openLake(t, t.TempDir(), Options{Now: func() time.Time { return taken }})
	objects := day()
	importAll(t, l, ImportOptions{Source: "s3://logs"}, objects...)
	urls := []string{"s3://b/none"}
	var records, bytes int64
	for i := range objects {
		urls = append(urls, objects[i].ref.URL)
	}
	got, err := l.Deliveries(t.Context(), urls)
	if err != nil || len(got) != len(objects) {
		t.Fatalf("%d of %d objects, %v", len(got), len(objects), err)
	}
	for url, d := range got {
		if !d.At.Equal(taken) || len(d.Formats) > 1 {
			t.Errorf("%s: %v", url, d)
		}
	}
	last, err := l.LastTaken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if after, end, err := l.TakenAfter(t.Context(), last-2); err != nil || len(after) != 2 || end != last || got[after[1]].ID != last {
		t.Errorf("%v to %d, %v: the last one is %d", after, end, err, last)
	}
	all, err := l.Objects(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range all {
		records += o.Records
		bytes += o.Size
	}
	sum := Delivered{First: taken.Add(time.Hour)}
	below, err := l.DeliveredBelow(t.Context(), "s3://logs/AWS")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range below {
		sum.Add(d)
	}
	if sum.Objects != int64(len(all)) || sum.Records != records || sum.Bytes != bytes || !sum.First.Equal(taken) {
		t.Errorf("%+v, and the ledger has %d objects of %d records and %d bytes", sum, len(all), records, bytes)
	}
	for _, none := range []string{"s3://logss", "s3://logs/no", "/s3://logs"} {
		if got, err := l.DeliveredBelow(t.Context(), none); err != nil || len(got) > 0 {
			t.Errorf("%s: %v, %v", none, got, err)
		}
	}
}

func TestParseFormats(t *testing.T) {
	a := flowlog.DefaultFormat(flowlog.KindVPC)
	got := parseFormats(a.String() + "\n${no such} name}\n${srcaddr}")
	if len(got) != 2 || !got[0].Equal(a) || got[1].String() != "${srcaddr}" {
		t.Errorf("%v", got)
	}
}

func TestJoinFormats(t *testing.T) {
	parse := func(text string) flowlog.Format {
		f, err := flowlog.ParseLogFormat(text)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	for _, c := range []struct {
		name    string
		kind    flowlog.Kind
		formats []string
		want    string
	}{
		{"one", flowlog.KindVPC, []string{"${start} ${srcaddr}"}, "${start} ${srcaddr}"},
		{"several", flowlog.KindVPC, []string{"${start} ${srcaddr}", "${bytes} ${start}", "${new}"}, "${start} ${srcaddr} ${bytes} ${new}"},
		{"of both kinds", flowlog.KindTGW, []string{"${vpc-id} ${start}", "${tgw-id} ${start}", "${bytes}"}, "${tgw-id} ${start} ${bytes}"},
		{"none", flowlog.KindVPC, nil, flowlog.DefaultFormat(flowlog.KindVPC).String()},
		{"of the other kind", flowlog.KindVPC, []string{"${tgw-id}"}, flowlog.DefaultFormat(flowlog.KindVPC).String()},
	} {
		var formats []flowlog.Format
		for _, text := range c.formats {
			formats = append(formats, parse(text))
		}
		if got := JoinFormats(c.kind, formats); got.String() != c.want || got.Kind() != c.kind && !got.Shared() {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}
