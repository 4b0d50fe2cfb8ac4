package lake

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"weir/flowlog"
)

// Overlap is two objects that hold equal records.
type Overlap struct {
	Table   string    `json:"table"`
	First   string    `json:"first"`  // URL
	Second  string    `json:"second"` // URL
	Records int64     `json:"records"`
	From    time.Time `json:"from"` // the first hour in which they do
	To      time.Time `json:"to"`   // the end of the last
	// Example is one of the equal records, as AWS writes it.
	Example string `json:"example"`
}

// Duplicates finds records of different objects that are equal in every field of
// AWS and every unknown field: a flow log's object delivered under two names with
// different bytes, or exports that overlap. (Two flow logs of one interface give
// such records too.) A record is paired with the first equal one. progress, which
// may be nil, is called after each hour.
func (l *Lake) Duplicates(ctx context.Context, progress func(done, total int)) ([]Overlap, error) {
	snap, err := l.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	files := map[hourKey][]DataFile{}
	for _, k := range kinds {
		for _, f := range snap.Files(k, Bounds{}) {
			key := hourKey{k, f.Hour.Unix()}
			files[key] = append(files[key], f)
		}
	}
	found := map[[3]string]*Overlap{}
	done := 0
	for key, hour := range files {
		if err := overlapsOf(ctx, key, hour, found); err != nil {
			return nil, err
		}
		done++
		if progress != nil {
			progress(done, len(files))
		}
	}
	out := make([]Overlap, 0, len(found))
	for _, o := range found {
		out = append(out, *o)
	}
	slices.SortFunc(out, func(a, b Overlap) int {
		if a.Records != b.Records {
			return int(b.Records - a.Records)
		}
		return strings.Compare(a.First+a.Second, b.First+b.Second)
	})
	return out, nil
}

// overlapsOf adds the equal records of an hour.
func overlapsOf(ctx context.Context, key hourKey, files []DataFile, found map[[3]string]*Overlap) error {
	first := map[string]string{} // record's text -> URL
	for _, f := range files {
		batches, err := readFile(ctx, f.Path)
		if err != nil {
			return err
		}
		for _, b := range batches {
			for r := range b.Records() {
				text := recordText(r)
				url, _ := r.Text(flowlog.WeirObject)
				other, ok := first[text]
				switch {
				case !ok:
					first[text] = url
				case other != url:
					note(found, key, other, url, r)
				}
			}
		}
	}
	return nil
}

// note counts a pair of equal records.
func note(found map[[3]string]*Overlap, key hourKey, a, b string, r flowlog.Record) {
	if b < a {
		a, b = b, a
	}
	hour := time.Unix(key.hour, 0).UTC()
	id := [3]string{tableName(key.kind), a, b}
	o := found[id]
	if o == nil {
		format := flowlog.DefaultFormat(key.kind)
		o = &Overlap{
			Table: namespace + "." + id[0], First: a, Second: b, From: hour,
			Example: string(flowlog.AppendText(nil, r, format)),
		}
		found[id] = o
	}
	o.Records++
	if hour.Before(o.From) {
		o.From = hour
	}
	if end := hour.Add(time.Hour); end.After(o.To) {
		o.To = end
	}
}

// recordText returns what makes a record: AWS's fields and the unknown ones.
func recordText(r flowlog.Record) string {
	var s strings.Builder
	for _, f := range flowlog.Fields(r.Kind()) {
		if f.Own() {
			continue
		}
		if v, ok := r.Text(f.ID); ok {
			s.WriteString(v)
		}
		s.WriteByte(0)
	}
	for name, v := range r.Unknown() {
		fmt.Fprintf(&s, "%s=%s\x00", name, v)
	}
	return s.String()
}
