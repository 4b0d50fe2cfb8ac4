package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// followedObjects is how many objects come to the folder that is followed, for each
// run where the bar holds: the slowest of 100 is the 99th percentile.
const followedObjects = 20

// follow measures how long a new object takes from its appearing in a folder until
// a server answers with its records, while the page's largest question is asked
// every second of a lake that holds the day.
func (b *bench) follow(ctx context.Context) error {
	data, logs := b.data(), filepath.Join(b.dir, "first")
	dir := filepath.Join(b.dir, "followed")
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o755)); err != nil {
		return err
	}
	objects, err := filepath.Glob(filepath.Join(logs, "AWSLogs/*/vpcflowlogs/*/*/*/*/*.gz"))
	n := followedObjects
	if b.records >= barRecords {
		n *= b.runs
	}
	if err != nil || len(objects) < n {
		return fmt.Errorf("%d objects to follow, want %d: %w", len(objects), n, err)
	}
	server, out, err := b.start(ctx, "--data", data, "-q", "serve", "--listen", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer server.end()
	line, err := out.ReadString('\n')
	if err != nil {
		return fmt.Errorf("weir serve: %w", err)
	}
	url, _, _ := strings.Cut(strings.TrimPrefix(line, "weir is at "), " ")
	follower, rounds, err := b.start(ctx, "--data", data, "-q", "open", "--follow", "--json", dir)
	if err != nil {
		return err
	}
	defer follower.end()
	if _, err := rounds.ReadString('\n'); err != nil { // the report of what is there
		return fmt.Errorf("weir open --follow: %w", err)
	}
	before, err := recordsAt(ctx, url)
	if err != nil {
		return err
	}

	asking, stop := context.WithCancel(ctx)
	asked := make(chan questionsAsked, 1)
	go func() { asked <- ask(asking, url+"api/v1/series?by=action&measure=bytes") }()
	var took []time.Duration
	for i, object := range objects[:n] {
		d, now, err := appear(ctx, object, filepath.Join(dir, fmt.Sprintf("%03d.log.gz", i)), rounds, url, before)
		if err != nil {
			stop()
			return err
		}
		took, before = append(took, d), now
	}
	stop()
	questions := <-asked
	if questions.err != nil {
		return fmt.Errorf("the page's question: %w", questions.err)
	}
	mid, _, high := median(took, time.Duration.Seconds)
	slowest, _, _ := median(questions.took, time.Duration.Seconds)
	b.row(fmt.Sprintf("new object to answer under --follow (folder), %d objects", len(took)), "p99 under 2 s", high < 2,
		"median %.2f s, largest %.2f s; %d questions of %.2f s meanwhile", mid, high, len(questions.took), slowest)
	return nil
}

// appear puts a copy of an object into the folder and waits until the server counts
// its records. It returns how long that took, and the records of the lake then.
func appear(ctx context.Context, object, path string, rounds *bufio.Reader, url string, before int64) (time.Duration, int64, error) {
	content, err := os.ReadFile(object)
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return 0, 0, err
	}
	line, err := rounds.ReadString('\n')
	var round struct {
		Objects, Records int64
		Error            string
	}
	if err == nil {
		err = json.Unmarshal([]byte(line), &round)
	}
	if err != nil || round.Objects != 1 || round.Error != "" {
		return 0, 0, fmt.Errorf("weir open --follow: %q: %w", line, err)
	}
	n, err := recordsAt(ctx, url)
	if err == nil && n != before+round.Records {
		err = fmt.Errorf("the server has %d records, want %d and %d", n, before, round.Records)
	}
	return time.Since(began), n, err
}

// recordsAt returns how many records a server's lake has.
func recordsAt(ctx context.Context, url string) (int64, error) {
	body, err := get(ctx, url+"api/v1/status")
	if err != nil {
		return 0, err
	}
	var status struct {
		Tables []struct{ Records int64 }
	}
	if err := json.Unmarshal(body, &status); err != nil || len(status.Tables) == 0 {
		return 0, fmt.Errorf("the server's status is %s: %w", body, err)
	}
	return status.Tables[0].Records, nil
}

// questionsAsked is how long questions took.
type questionsAsked struct {
	took []time.Duration
	err  error
}

// ask asks a question every second until ctx ends.
func ask(ctx context.Context, url string) (out questionsAsked) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		began := time.Now()
		if _, err := get(ctx, url); err != nil {
			if ctx.Err() == nil {
				out.err = err
			}
			return out
		}
		out.took = append(out.took, time.Since(began))
		select {
		case <-tick.C:
		case <-ctx.Done():
			return out
		}
	}
}

// get returns what a URL answers with.
func get(ctx context.Context, url string) ([]byte, error) {
	return fetch(ctx, http.MethodGet, url, nil)
}

// fetch returns what a URL answers a request with.
func fetch(ctx context.Context, method, url string, data io.Reader) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, data)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, body)
	}
	return body, err
}

// running is a weir that runs beside the benchmark.
type running struct{ *exec.Cmd }

// start starts weir and returns what it prints.
func (b *bench) start(ctx context.Context, args ...string) (running, *bufio.Reader, error) {
	cmd := exec.CommandContext(ctx, b.weir, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return running{}, nil, err
	}
	return running{cmd}, bufio.NewReader(out), cmd.Start()
}

// end ends it as Ctrl-C does.
func (r running) end() {
	_ = r.Process.Signal(syscall.SIGINT)
	if err := r.Wait(); err != nil && !errors.Is(err, fs.ErrClosed) {
		fmt.Fprintln(os.Stderr, "bench:", strings.Join(r.Args, " ")+":", err)
	}
}
