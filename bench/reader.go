package main

import (
	"context"
	_ "embed" // for reader.py
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed reader.py
var readerProgram string

// readerRecords is about how many records flowlogs-reader reads: it does so few for a
// second that more would only take longer.
const readerRecords = 100_000

// reader measures how many records flowlogs-reader takes for each CPU-second. What it
// gives is Python's objects; weir's intake sorts, pairs and writes besides.
func (b *bench) reader(ctx context.Context) error {
	what := "records taken per CPU-second against " + readerName
	if !slices.Contains(b.peers, readerName) {
		b.notRun(what, "not in -peers")
		return nil
	}
	if why := b.missing(ctx, nil, nil, []string{readerName}); why != "" {
		b.notRun(what, why)
		return nil
	}
	var objects []string
	var size int64
	if err := filepath.WalkDir(b.logs(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".log.gz") {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		objects = append(objects, path)
		if size += info.Size(); size*b.records > readerRecords*b.gz {
			return fs.SkipAll
		}
		return nil
	}); err != nil {
		return err
	}
	var rates []float64
	var version string
	for range min(b.runs, peerRuns) {
		cmd := exec.CommandContext(ctx, b.python(), append([]string{"-W", "ignore", "-c", readerProgram}, objects...)...)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return fmt.Errorf("%s: %w", readerName, err)
		}
		var said struct {
			Version          string
			Records, Skipped int64
			Seconds          float64
		}
		if err := json.Unmarshal(out, &said); err != nil {
			return err
		}
		if said.Records == 0 || said.Skipped > 0 {
			return fmt.Errorf("%s took %d records and skipped %d", readerName, said.Records, said.Skipped)
		}
		version = said.Version
		rates = append(rates, float64(said.Records)/said.Seconds/1e6)
	}
	mid, low, high := median(rates, itself)
	text := fmt.Sprintf("%.3f M (%.3f to %.3f)", mid, low, high)
	if b.intook > 0 {
		text = fmt.Sprintf("%.1f times: %.2f M against %s", b.intook/mid, b.intook, text)
	} else {
		text += "; weir's not measured in this run"
	}
	b.note(what+" "+version, text)
	return nil
}
