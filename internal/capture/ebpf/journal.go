package ebpf

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// The kinds of documents in the journal.
const (
	kindGeneration = 1 + iota // of judged, by the generation's number
	kindNaming                // of a naming, by what it says
)

// document names a document in the journal.
type document struct {
	name [16]byte
	kind uint32
}

func generationDocument(gen uint16) document {
	return document{[16]byte{byte(gen), byte(gen >> 8)}, kindGeneration}
}

// sumSize is how much of a SHA-256 sum documents are named and checked by.
const sumSize = 16

func sumOf(b []byte) [sumSize]byte {
	s := sha256.Sum256(b)
	return [sumSize]byte(s[:])
}

// journal is documents beside the tables, in a map of the kernel: they are there as long as the tables are, and no longer.
// A document is there wholly or is not known: one that was being written or removed when the process ended is neither.
type journal struct {
	pages map[document]uint32 // how many each has
}

// write writes what a value says as JSON.
func (p *Program) write(d document, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	sum := sumOf(text)
	b := bytes.NewBuffer(sum[:])
	w, err := flate.NewWriter(b, flate.BestSpeed)
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	whole := uint32(b.Len())
	for b.Len() > 0 {
		page := weirPage{Size: whole}
		if _, err := b.Read(page.Bytes[:]); err != nil {
			return err
		}
		if err := p.objects.Journal.Put(weirPageKey{Name: d.name, Kind: d.kind, Number: p.journal.pages[d]}, page); err != nil {
			return fmt.Errorf("can't write down what was decided by (the tables have room for %d parts of 2 kB): %w", p.objects.Journal.MaxEntries(), err)
		}
		p.journal.pages[d]++
	}
	return nil
}

// erase removes a document, of which there need not be all.
func (p *Program) erase(d document) error {
	for ; p.journal.pages[d] > 0; p.journal.pages[d]-- {
		if err := p.objects.Journal.Delete(weirPageKey{Name: d.name, Kind: d.kind, Number: p.journal.pages[d] - 1}); err != nil {
			return fmt.Errorf("can't remove what was written down: %w", err)
		}
	}
	delete(p.journal.pages, d)
	return nil
}

// documents returns all that are whole, as JSON, and removes the others.
func (p *Program) documents() (map[document][]byte, error) {
	parts := map[document]map[uint32]weirPage{}
	var key weirPageKey
	var page weirPage
	all := p.objects.Journal.Iterate()
	for all.Next(&key, &page) {
		d := document{key.Name, key.Kind}
		if parts[d] == nil {
			parts[d] = map[uint32]weirPage{}
		}
		parts[d][key.Number] = page
	}
	if err := all.Err(); err != nil {
		return nil, fmt.Errorf("can't read what was written down: %w", err)
	}
	out := map[document][]byte{}
	for d, pages := range parts {
		text, err := join(pages)
		if err == nil {
			out[d], p.journal.pages[d] = text, uint32(len(pages))
			continue
		}
		for number := range pages {
			if err := p.objects.Journal.Delete(weirPageKey{Name: d.name, Kind: d.kind, Number: number}); err != nil {
				return nil, fmt.Errorf("can't remove what was written down in part: %w", err)
			}
		}
	}
	return out, nil
}

// join returns a document of its pages.
func join(pages map[uint32]weirPage) ([]byte, error) {
	var b []byte
	for n := range uint32(len(pages)) {
		page, ok := pages[n]
		if !ok || page.Size != pages[0].Size {
			return nil, errors.New("a page is missing")
		}
		b = append(b, page.Bytes[:]...)
	}
	size := int(pages[0].Size)
	if size < sumSize || size > len(b) || len(b)-size >= len(pages[0].Bytes) {
		return nil, errors.New("a page is missing")
	}
	text, err := io.ReadAll(flate.NewReader(bytes.NewReader(b[sumSize:size])))
	if err != nil {
		return nil, err
	}
	if sum := sumOf(text); !slices.Equal(sum[:], b[:sumSize]) {
		return nil, errors.New("it says something else than was written")
	}
	return text, nil
}
