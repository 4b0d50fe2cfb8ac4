package logstore

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestGroups makes, changes and removes groups and streams; all is there after a restart.
func TestGroups(t *testing.T) {
	p := newPlace(t)
	ctx := t.Context()
	p.must(p.CreateGroup(ctx, "/aws/vpc", "INFREQUENT_ACCESS", map[string]string{"a": "1", "b": "2"}))
	p.must(p.Tag(ctx, "/aws/vpc", map[string]string{"b": "3", "c": "4"}))
	p.must(p.Untag(ctx, "/aws/vpc", []string{"a", "none"}))
	p.must(p.SetRetention(ctx, "/aws/vpc", 30))
	p.must(p.SetFormat(ctx, "/aws/vpc", "${srcaddr} ${dstaddr}"))
	p.must(p.SetFormat(ctx, "g", "${version} ${srcaddr}"))
	p.must(p.SetFormat(ctx, "g", ""))
	for name, c := range map[string]struct {
		got, want error
	}{
		"a group twice":          {p.CreateGroup(ctx, "g", "", nil), ErrGroupExists},
		"tags of no group":       {p.Tag(ctx, "none", nil), ErrNoGroup},
		"retention of no group":  {p.SetRetention(ctx, "none", 1), ErrNoGroup},
		"format of no group":     {p.SetFormat(ctx, "none", ""), ErrNoGroup},
		"a stream of no group":   {p.CreateStream(ctx, "none", "a"), ErrNoGroup},
		"no group to delete":     {p.DeleteGroup(ctx, "none"), ErrNoGroup},
		"no stream to delete":    {p.DeleteStream(ctx, "g", "none"), ErrNoStream},
		"no stream of no group":  {p.DeleteStream(ctx, "none", "none"), ErrNoGroup},
		"a document of no group": {second(p.PutDocument(ctx, Document{Kind: "k", Group: "none"})), ErrNoGroup},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	for name, err := range map[string]error{
		"no name":              p.CreateGroup(ctx, "", "", nil),
		"a long name":          p.CreateGroup(ctx, strings.Repeat("g", 513), "", nil),
		"a bad name":           p.CreateGroup(ctx, "a b", "", nil),
		"a bad stream":         p.CreateStream(ctx, "g", "a:b"),
		"a bad retention":      p.SetRetention(ctx, "g", 2),
		"a bad format":         p.SetFormat(ctx, "g", "${srcaddr} ${srcaddr}"),
		"a format of no field": p.SetFormat(ctx, "g", "  "),
	} {
		if _, ok := errors.AsType[*InvalidError](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	p.must(p.CreateStream(ctx, "g", "s"))
	if err := p.CreateStream(ctx, "g", "s"); !errors.Is(err, ErrStreamExists) {
		t.Errorf("a stream twice: %v", err)
	}
	for _, step := range []func(){func() {}, p.reopen} {
		step()
		groups, err := p.Groups(ctx)
		p.must(err)
		want := []Group{
			{Name: "/aws/vpc", Created: noon.UnixMilli(), RetentionDays: 30, Class: "INFREQUENT_ACCESS", Tags: map[string]string{"b": "3", "c": "4"}, Format: "${srcaddr} ${dstaddr}"},
			{Name: "g", Created: noon.UnixMilli(), Class: "STANDARD", Tags: map[string]string{}},
		}
		if diff := cmp.Diff(want, groups); diff != "" {
			t.Errorf("groups (-want +got):\n%s", diff)
		}
		var formats []string
		for _, f := range p.Formats() {
			formats = append(formats, f.String())
		}
		if diff := cmp.Diff([]string{"${srcaddr} ${dstaddr}", "${version} ${srcaddr}"}, formats); diff != "" {
			t.Errorf("formats (-want +got):\n%s", diff)
		}
	}
	if err := second(p.Streams(ctx, "none")); !errors.Is(err, ErrNoGroup) {
		t.Errorf("streams of no group: %v", err)
	}
	for _, err := range p.Read(ctx, ReadRequest{Group: "none"}) {
		if !errors.Is(err, ErrNoGroup) {
			t.Errorf("a reading of no group: %v", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestDocuments keeps documents by kind, group and name.
func TestDocuments(t *testing.T) {
	p := newPlace(t)
	ctx := t.Context()
	large := []byte(strings.Repeat("x", 10<<20))
	docs := []Document{
		{Kind: "filter", Group: "g", Name: "one", Body: []byte("1")},
		{Kind: "filter", Group: "g", Name: "two", Body: []byte("2")},
		{Kind: "filter", Name: "one", Body: nil},
		{Kind: "table", Name: "large", Body: large},
	}
	for i := range docs {
		var err error
		docs[i].Created, err = p.PutDocument(ctx, docs[i])
		p.must(err)
		p.now = p.now.Add(time.Second)
	}
	docs[0].Body = []byte("new")
	if created, err := p.PutDocument(ctx, docs[0]); err != nil || created != docs[0].Created {
		t.Errorf("put again: created %d, want %d, %v", created, docs[0].Created, err)
	}
	p.reopen()
	for _, c := range []struct {
		q    DocumentQuery
		want []Document
	}{
		{DocumentQuery{Kind: "filter"}, []Document{{Kind: "filter", Name: "one", Created: docs[2].Created}, docs[0], docs[1]}},
		{DocumentQuery{Kind: "filter", Group: "g", Prefix: "o"}, []Document{docs[0]}},
		{DocumentQuery{Kind: "table", NoBody: true}, []Document{{Kind: "table", Name: "large", Created: docs[3].Created}}},
		{DocumentQuery{Kind: "none"}, nil},
	} {
		got, err := p.Documents(ctx, c.q)
		p.must(err)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", c.q, diff)
		}
	}
	d, err := p.Document(ctx, "table", "", "large")
	if err != nil || len(d.Body) != len(large) {
		t.Errorf("%d bytes, %v", len(d.Body), err)
	}
	p.must(p.DeleteDocument(ctx, "filter", "", "one"))
	if err := p.DeleteDocument(ctx, "filter", "", "one"); !errors.Is(err, ErrNoDocument) {
		t.Errorf("deleted twice: %v", err)
	}
	p.must(p.DeleteGroup(ctx, "g"))
	if _, err := p.Document(ctx, "filter", "g", "one"); !errors.Is(err, ErrNoDocument) {
		t.Errorf("a document of a group that was deleted: %v", err)
	}
}

// TestRevision has another number behind each change of documents and groups, and the same behind reading them.
func TestRevision(t *testing.T) {
	p, ctx := newPlace(t), t.Context()
	last := p.Revision()
	check := func(step string, changes bool, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", step, err)
		}
		if got := p.Revision(); got > last != changes {
			t.Errorf("%s: from %d to %d", step, last, got)
		}
		last = p.Revision()
	}
	check("a group", true, p.CreateGroup(ctx, "a", "", nil))
	check("a document", true, second(p.PutDocument(ctx, Document{Kind: "k", Group: "a", Name: "n"})))
	check("the same anew", true, second(p.PutDocument(ctx, Document{Kind: "k", Group: "a", Name: "n", Body: []byte("x")})))
	check("reading it", false, second(p.Document(ctx, "k", "a", "n")))
	check("reading all", false, second(p.Documents(ctx, DocumentQuery{Kind: "k"})))
	check("deleting it", true, p.DeleteDocument(ctx, "k", "a", "n"))
	check("deleting the group", true, p.DeleteGroup(ctx, "a"))
}

// TestExpire removes files by the retention, and leaves older events out that a file has beside others.
func TestExpire(t *testing.T) {
	p := newPlace(t, "a")
	p.put("a", noon.Add(-20*time.Hour), "old")
	p.put("a", noon, "new")
	p.flush()
	p.must(p.SetRetention(t.Context(), "g", 1))
	p.now = noon.Add(12 * time.Hour)
	p.check(ReadRequest{}, "new")
	snap, err := p.Snapshot(t.Context(), "g", 0, 0)
	p.must(err)
	if want := p.now.AddDate(0, 0, -1).UnixMilli(); snap.From != want {
		t.Errorf("a snapshot from %d, want %d", snap.From, want)
	}
	snap.Close()
	p.now = noon.Add(23 * time.Hour)
	p.must(p.Expire(t.Context()))
	if n := len(p.groups["g"].files); n != 1 {
		t.Errorf("%d files, want 1: yesterday's is expired", n)
	}
	p.now = noon.Add(48 * time.Hour)
	p.must(p.Expire(t.Context()))
	p.check(ReadRequest{})
	if n := len(p.groups["g"].files); n != 0 {
		t.Errorf("%d files, want none", n)
	}
}

// TestFollow gives what is put to who follows, and counts what a slow reader misses.
func TestFollow(t *testing.T) {
	p := newPlace(t, "a")
	p.must(p.CreateGroup(t.Context(), "other", "", nil))
	p.must(p.CreateStream(t.Context(), "other", "s"))
	p.put("a", noon, "before")
	one, all, later := p.Follow("g"), p.Follow(), p.Follow("later")
	_, err := p.Put(t.Context(), "other", "s", []InputEvent{{noon.UnixMilli(), []byte("other")}}, noon)
	p.must(err)
	p.put("a", noon, "1", "2")
	next := func(f *Feed) ([]string, int64) {
		t.Helper()
		events, leftOut, err := f.Next(t.Context())
		p.must(err)
		var out []string
		for _, e := range events {
			out = append(out, e.Group+"/"+e.Stream+" "+e.Message)
		}
		return out, leftOut
	}
	if got, _ := next(one); !cmp.Equal(got, []string{"g/a 1", "g/a 2"}) {
		t.Errorf("of one group: %q", got)
	}
	if got, _ := next(all); !cmp.Equal(got, []string{"other/s other", "g/a 1", "g/a 2"}) {
		t.Errorf("of all groups: %q", got)
	}
	large := strings.Repeat("x", 1_000_000)
	for range 30 {
		p.put("a", noon, large)
	}
	if got, leftOut := next(all); int64(len(got))+leftOut != 30 || leftOut < 10 {
		t.Errorf("%d events, %d left out", len(got), leftOut)
	}
	p.must(p.CreateGroup(t.Context(), "later", "", nil))
	p.must(p.CreateStream(t.Context(), "later", "s"))
	_, err = p.Put(t.Context(), "later", "s", []InputEvent{{noon.UnixMilli(), []byte("x")}}, noon)
	p.must(err)
	if got, _ := next(later); !cmp.Equal(got, []string{"later/s x"}) {
		t.Errorf("of a group that came later: %q", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := later.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	later.Close()
	one.Close()
	if len(p.feeds) != 1 {
		t.Errorf("%d feeds are open, want 1", len(p.feeds))
	}
	done := make(chan error)
	go func() {
		_, _, err := all.Next(context.Background())
		if err == nil { // what was put since
			_, _, err = all.Next(context.Background())
		}
		done <- err
	}()
	p.must(p.Close())
	if err := <-done; !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}
