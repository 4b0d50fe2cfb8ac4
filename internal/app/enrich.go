package app

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"weir/internal/countries"
	"weir/internal/durable"
	"weir/internal/ipranges"
	"weir/internal/query"
)

// RangesURL is where AWS publishes its networks.
const RangesURL = ipranges.URL

// What is published lies in DATA/network, and any process may take it at any time: a file
// comes in the place of another in one step.

// rangesFile has the networks of AWS, as AWS publishes them.
const rangesFile = "ip-ranges.json"

// countriesFiles have the countries of the addresses of a family, in package countries' form.
var countriesFiles = map[countries.Family]string{countries.IPv4: "countries-ipv4.bin", countries.IPv6: "countries-ipv6.bin"}

// publishedPath is where a data directory has a published file.
func publishedPath(data, name string) string { return filepath.Join(data, "network", name) }

// changed returns when a published file was changed; the zero time where there is none.
func changed(data, name string) (time.Time, error) {
	info, err := os.Stat(publishedPath(data, name))
	if errors.Is(err, fs.ErrNotExist) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("cannot read what was taken: %w", err)
	}
	return info.ModTime(), nil
}

// readPublished returns a published file; nil where there is none.
func readPublished(data, name string) ([]byte, error) {
	text, err := os.ReadFile(publishedPath(data, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read what was taken: %w", err)
	}
	return text, nil
}

// readRanges returns the networks of AWS; nil where there are none.
func readRanges(data string) (query.Ranges, error) {
	text, err := readPublished(data, rangesFile)
	if text == nil || err != nil {
		return nil, err
	}
	r, err := ipranges.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", publishedPath(data, rangesFile), err)
	}
	return r.Of, nil
}

// readCountries returns the countries of addresses; nil where nothing is known.
func readCountries(data string) (query.Countries, error) {
	var four, six *countries.Table
	for family, table := range map[countries.Family]**countries.Table{countries.IPv4: &four, countries.IPv6: &six} {
		packed, err := readPublished(data, countriesFiles[family])
		if err != nil {
			return nil, err
		}
		if packed == nil {
			continue
		}
		if *table, err = countries.Unpack(packed); err != nil {
			return nil, fmt.Errorf("%s: %w: import it again", publishedPath(data, countriesFiles[family]), err)
		}
	}
	switch {
	case four == nil && six == nil:
		return nil, nil
	case six == nil:
		return four.Of, nil
	case four == nil:
		return six.Of, nil
	}
	return func(a netip.Addr) string {
		if a.Is4() || a.Is4In6() {
			return four.Of(a)
		}
		return six.Of(a)
	}, nil
}

// Enriched says what was taken.
type Enriched struct {
	// Created is when AWS made ip-ranges.json, as it says itself, and Networks how many are in
	// it.
	Created  string `json:"created,omitempty"`
	Networks int    `json:"networks,omitempty"`
	// Countries are the lists of countries that came, one for each family.
	Countries []EnrichedCountries `json:"countries,omitempty"`
	// Without is the family of which no list is there, IPv4 or IPv6, where one of countries came.
	Without string `json:"without,omitempty"`
}

// EnrichedCountries is a list of which addresses are in which country.
type EnrichedCountries struct {
	Family    string `json:"family"` // IPv4 or IPv6
	Ranges    int    `json:"ranges"`
	Countries int    `json:"countries"`
}

// Bounds of what is taken, in bytes: AWS's ip-ranges.json has 2 MB, the largest lists of
// countries 30.
const (
	mostRanges    = 64 << 20
	mostPublished = 512 << 20
)

// FetchPublished gets a file from a URL. The caller closes it.
func FetchPublished(ctx context.Context, url string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("cannot get it: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		return nil, fmt.Errorf("cannot get it: %s answers %s", url, resp.Status)
	}
	return resp.Body, nil
}

// TakePublished takes a file in place of what was there: AWS's ip-ranges.json, or a list of
// countries as [countries.Parse] reads it, which replaces what was known of the families of
// addresses that it has. Either may be gzip. What can't be read changes nothing.
func TakePublished(data string, r io.Reader) (Enriched, error) {
	in := bufio.NewReader(r)
	if magic, _ := in.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(in)
		if err != nil {
			return Enriched{}, fmt.Errorf("cannot unpack it: %w", err)
		}
		in = bufio.NewReader(z)
	}
	first, err := in.Peek(64)
	if err != nil && err != io.EOF {
		return Enriched{}, fmt.Errorf("cannot read it: %w", err)
	}
	first = bytes.TrimPrefix(first, []byte("\xef\xbb\xbf"))
	if trimmed := bytes.TrimLeft(first, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '{' {
		text, err := readMost(in, mostRanges)
		if err != nil {
			return Enriched{}, err
		}
		return takeRanges(data, text)
	}
	if bytes.IndexByte(first, 0) >= 0 {
		return Enriched{}, errors.New("it is no text: ip-ranges.json and lists of countries as CSV or TSV are taken")
	}
	return takeCountries(data, &bounded{in, mostPublished})
}

// readMost reads all, up to so many bytes.
func readMost(r io.Reader, most int64) ([]byte, error) {
	text, err := io.ReadAll(&bounded{r, most})
	if err != nil {
		return nil, fmt.Errorf("cannot read it: %w", err)
	}
	return text, nil
}

// bounded fails where more is read than was left.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errors.New("it is larger than anything that is published")
	}
	return n, err
}

// takeRanges takes the text of ip-ranges.json.
func takeRanges(data string, text []byte) (Enriched, error) {
	r, err := ipranges.Parse(text)
	if err != nil {
		return Enriched{}, err
	}
	return Enriched{Created: r.CreateDate, Networks: r.Len()}, putPublished(data, rangesFile, text)
}

// takeCountries takes a list of countries.
func takeCountries(data string, r io.Reader) (Enriched, error) {
	tables, err := countries.Parse(r)
	if err != nil {
		return Enriched{}, err
	}
	var out Enriched
	for _, t := range tables {
		if err := putPublished(data, countriesFiles[t.Family()], t.Pack()); err != nil {
			return out, err
		}
		out.Countries = append(out.Countries, EnrichedCountries{t.Family().String(), t.Ranges(), len(t.Countries())})
	}
	for family, name := range countriesFiles {
		at, err := changed(data, name)
		if err != nil {
			return out, err
		}
		if at.IsZero() {
			out.Without = family.String()
		}
	}
	return out, nil
}

// putPublished puts a published file in place of what was there.
func putPublished(data, name string, text []byte) error {
	path := publishedPath(data, name)
	if err := durable.MakeDir(filepath.Dir(path)); err != nil {
		return fmt.Errorf("cannot keep it: %w", err)
	}
	if err := durable.WriteFile(path, text, 0o600); err != nil {
		return fmt.Errorf("cannot keep it: %w", err)
	}
	return nil
}
