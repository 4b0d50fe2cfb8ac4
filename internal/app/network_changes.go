package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"weir/internal/cloudtrail"
	"weir/internal/versions"
)

// KeptChanges says what log files of CloudTrail brought.
type KeptChanges struct {
	// Files counts those that were read, and Digests those that are none of events.
	Files   int `json:"files"`
	Digests int `json:"digests,omitempty"`
	Records int `json:"records"`
	// New and Known are changes that were not kept before, and that were; Failed are calls that
	// changed nothing.
	New    int `json:"new"`
	Known  int `json:"known"`
	Failed int `json:"failed"`
	// NotFollowed are changes, new or known, by calls of which just is kept what they named.
	NotFollowed int `json:"not-followed,omitempty"`
	// Problems are files and records that could not be understood, and Unclear changes that are
	// kept although it is not clear what they did.
	Problems []string `json:"problems,omitempty"`
	Unclear  []string `json:"unclear,omitempty"`
}

// changesAtOnce bounds the changes that wait to be kept.
const changesAtOnce = 5000

// KeepChanges reads CloudTrail's log files, and all below folders whose names end in .json or
// .json.gz, and keeps the changes of rules that they tell. A file that is none is in the
// problems, with the others read. It fails where a path can't be read, and where there is no
// file.
func KeepChanges(ctx context.Context, data string, paths ...string) (KeptChanges, error) {
	var out KeptChanges
	names, err := trailFiles(paths)
	if err != nil {
		return out, err
	}
	s, err := versions.Create(ctx, data)
	if err != nil {
		return out, err
	}
	defer s.Close()
	var waiting []cloudtrail.Change
	var days []cloudtrail.Day
	keep := func() error {
		n, err := s.AddChanges(ctx, waiting)
		out.New, out.Known, waiting = out.New+n, out.Known+len(waiting)-n, waiting[:0]
		if err == nil { // no day without its changes
			err = s.AddDays(ctx, days)
			days = days[:0]
		}
		return explain(err)
	}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return out, fmt.Errorf("cannot read CloudTrail's log files: %w", err)
		}
		f := out.read(name, text)
		waiting, days = append(waiting, f.Changes...), append(days, f.Days...)
		if len(waiting) >= changesAtOnce || len(days) >= changesAtOnce {
			if err := keep(); err != nil {
				return out, err
			}
		}
	}
	return out, keep()
}

// read reads a file and counts what is in it.
func (k *KeptChanges) read(name string, text []byte) cloudtrail.File {
	f, err := cloudtrail.Read(name, text)
	switch {
	case errors.Is(err, cloudtrail.ErrDigest):
		k.Digests++
		return f
	case err != nil:
		k.Problems = append(k.Problems, err.Error())
		return f
	}
	k.Files++
	k.Records += f.Records
	k.Failed += f.Failed
	for _, p := range f.Problems {
		k.Problems = append(k.Problems, p.String())
	}
	for i := range f.Changes {
		if c := &f.Changes[i]; c.NotFollowed {
			k.NotFollowed++
		} else if c.Unclear != "" {
			k.Unclear = append(k.Unclear, fmt.Sprintf("%s: event %s: %s", name, c.EventID, c.Unclear))
		}
	}
	return f
}

// trailFiles returns the files that paths name.
func trailFiles(paths []string) ([]string, error) {
	var out []string
	for _, path := range paths {
		err := filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			if plain := strings.ToLower(name); name == path || strings.HasSuffix(plain, ".json") || strings.HasSuffix(plain, ".json.gz") {
				out = append(out, name)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("cannot read CloudTrail's log files: %w", err)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("no log file of CloudTrail: no file ends in .json or .json.gz")
	}
	return out, nil
}

// NetworkChange is a change that is kept.
type NetworkChange struct {
	At      time.Time `json:"at"`
	Account string    `json:"account"`
	Region  string    `json:"region"`
	Event   string    `json:"event"`
	EventID string    `json:"event-id"`
	By      string    `json:"by,omitempty"`
	IDs     []string  `json:"ids"`
	// Effects say what it did, one line for each; or Unclear why that is not known.
	Effects []string `json:"effects,omitempty"`
	Unclear string   `json:"unclear,omitempty"`
	// NotFollowed says that nothing is known of the call but what it names.
	NotFollowed bool `json:"not-followed,omitempty"`
}

// NetworkChanges returns the changes that are kept from a time on until another, in the order
// of their times; none where there are none. A zero time bounds nothing.
func NetworkChanges(ctx context.Context, data string, from, to time.Time) ([]NetworkChange, error) {
	s, err := versions.Open(ctx, data)
	if errors.Is(err, versions.ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer s.Close()
	list, err := s.Changes(ctx, from, to)
	if err != nil {
		return nil, err
	}
	var out []NetworkChange
	for i := range list {
		c := &list[i]
		n := NetworkChange{c.At, c.Account, c.Region, c.Event, c.EventID, c.By, c.IDs, nil, c.Unclear, c.NotFollowed}
		for _, e := range c.Effects {
			n.Effects = append(n.Effects, e.String())
		}
		out = append(out, n)
	}
	return out, nil
}
