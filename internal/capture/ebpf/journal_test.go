package ebpf

import (
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestJournal writes documents of all sizes, and reads them again; of what is not whole nothing is left.
func TestJournal(t *testing.T) {
	t.Parallel()
	p := load(t, Options{Driven: true})
	want := map[document]string{generationDocument(1): `[{"id":"","mode":0}]`} // what Load has written
	c, digits := strings.Builder{}, rand.New(rand.NewPCG(5, 6))
	for n := range 40 {
		for range n * 40 { // digits compress to a half: documents have from one to some ten pages
			c.WriteByte(byte('0' + digits.IntN(10)))
		}
		d := document{[16]byte{byte(n), 9}, kindNaming}
		if err := p.write(d, c.String()); err != nil {
			t.Fatal(err)
		}
		want[d] = `"` + c.String() + `"`
	}
	// read reads as a process after this one does.
	read := func() map[document]string {
		t.Helper()
		p.journal.pages = map[document]uint32{}
		got := map[document]string{}
		documents, err := p.documents()
		if err != nil {
			t.Fatal(err)
		}
		for d, text := range documents {
			got[d] = string(text)
		}
		return got
	}
	if !maps.Equal(read(), want) {
		t.Errorf("%d documents are read, or others than the %d that were written", len(p.journal.pages), len(want))
	}
	page := func(d document, n uint32) weirPageKey { return weirPageKey{Name: d.name, Kind: d.kind, Number: n} }
	longest := document{[16]byte{39, 9}, kindNaming}
	pages := p.journal.pages[longest]
	if pages < 3 {
		t.Fatalf("the longest has %d pages", pages)
	}
	for name, harm := range map[string]func() error{
		"the first page is missing": func() error { return p.objects.Journal.Delete(page(longest, 0)) },
		"the last page is missing":  func() error { return p.objects.Journal.Delete(page(longest, pages-1)) },
		"a page is missing":         func() error { return p.objects.Journal.Delete(page(longest, 1)) },
		"there is a page more":      func() error { return p.objects.Journal.Put(page(longest, pages), weirPage{Size: 1}) },
		"a page is another's": func() error {
			var of weirPage
			if err := p.objects.Journal.Lookup(page(longest, 1), &of); err != nil {
				return err
			}
			of.Bytes[7] ^= 1
			return p.objects.Journal.Put(page(longest, 1), of)
		},
	} {
		if err := harm(); err != nil {
			t.Fatal(err)
		}
		rest := maps.Clone(want)
		delete(rest, longest)
		if got := read(); !maps.Equal(got, rest) {
			t.Errorf("%s: %d documents are read, not %d", name, len(got), len(rest))
		}
		var of weirPage
		for n := range pages + 1 {
			if err := p.objects.Journal.Lookup(page(longest, n), &of); err == nil {
				t.Errorf("%s: page %d is left", name, n)
			}
		}
		if err := p.write(longest, strings.Trim(want[longest], `"`)); err != nil {
			t.Fatal(err)
		}
	}
	for d := range want {
		if err := p.erase(d); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(); len(got) > 0 {
		t.Errorf("%d documents are left", len(got))
	}
}
