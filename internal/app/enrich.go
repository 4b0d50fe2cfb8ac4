package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"weir/internal/ipranges"
	"weir/internal/query"
)

// RangesURL is where AWS publishes its networks.
const RangesURL = ipranges.URL

// rangesPath is where a data directory has ip-ranges.json.
func rangesPath(data string) string { return filepath.Join(data, "network", "ip-ranges.json") }

// rangesChanged returns when the networks of AWS changed; the zero time where there are none.
func rangesChanged(data string) (time.Time, error) {
	info, err := os.Stat(rangesPath(data))
	if errors.Is(err, fs.ErrNotExist) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("cannot read the networks of AWS: %w", err)
	}
	return info.ModTime(), nil
}

// readRanges returns the networks of AWS; nil where there are none.
func readRanges(data string) (query.Ranges, error) {
	text, err := os.ReadFile(rangesPath(data))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // there need not be any
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the networks of AWS: %w", err)
	}
	r, err := ipranges.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", rangesPath(data), err)
	}
	return r.Of, nil
}

// Enriched says what was taken.
type Enriched struct {
	// Created is when AWS made the file, as it says itself, and Networks how many are in it.
	Created  string `json:"created"`
	Networks int    `json:"networks"`
}

// mostRanges bounds ip-ranges.json, in bytes: AWS's has 2 MB.
const mostRanges = 64 << 20

// FetchRanges gets ip-ranges.json from a URL.
func FetchRanges(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("cannot get the networks of AWS: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("cannot get the networks of AWS: %s answers %s", url, resp.Status)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, mostRanges+1))
	if err != nil {
		return nil, fmt.Errorf("cannot get the networks of AWS: %w", err)
	}
	if len(text) > mostRanges {
		return nil, fmt.Errorf("%s has more than %d bytes, and is no ip-ranges.json", url, mostRanges)
	}
	return text, nil
}

// TakeRanges takes the text of ip-ranges.json in place of what was there. What can't be read
// changes nothing. Any process may do it at any time.
func TakeRanges(data string, text []byte) (Enriched, error) {
	r, err := ipranges.Parse(text)
	if err != nil {
		return Enriched{}, err
	}
	path := rangesPath(data)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return Enriched{}, fmt.Errorf("cannot keep the networks of AWS: %w", err)
	}
	temp, err := os.CreateTemp(filepath.Dir(path), "ip-ranges-")
	if err != nil {
		return Enriched{}, fmt.Errorf("cannot keep the networks of AWS: %w", err)
	}
	_, err = temp.Write(text)
	err = errors.Join(err, temp.Sync(), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(temp.Name())
		return Enriched{}, fmt.Errorf("cannot keep the networks of AWS: %w", err)
	}
	return Enriched{r.CreateDate, r.Len()}, nil
}
