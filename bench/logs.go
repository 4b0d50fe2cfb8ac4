package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
)

// What PutLogEvents takes at most in one request: bytes of messages with 26 for each event, and events.
const (
	putBytes     = 1_048_576
	putEventCost = 26
	putEvents    = 10_000
)

// putConnections is how many requests are under way at once.
const putConnections = 4

// someLines returns lines of the day's objects, n at most, without headers.
func (b *bench) someLines(n int) ([]string, error) {
	objects, err := filepath.Glob(filepath.Join(b.logs(), "AWSLogs/*/vpcflowlogs/*/*/*/*/*.gz"))
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, name := range objects {
		content, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		r, err := gzip.NewReader(bytes.NewReader(content))
		if err != nil {
			return nil, err
		}
		scan := bufio.NewScanner(r)
		scan.Scan() // the header
		for scan.Scan() {
			// The first 14 fields are those of the default format, in its order.
			words := strings.Fields(scan.Text())
			if len(words) < 14 {
				return nil, fmt.Errorf("%s: a record of %d fields", name, len(words))
			}
			if lines = append(lines, strings.Join(words[:14], " ")); len(lines) == n {
				return lines, nil
			}
		}
	}
	return nil, fmt.Errorf("%d records, want %d", len(lines), n)
}

// The log group and the stream that events are put into.
const (
	benchGroup  = "bench"
	benchStream = "lines"
)

// putBody returns the body of a PutLogEvents with as many of the lines as it takes, and how many.
func putBody(lines []string, at time.Time) ([]byte, int, error) {
	type event struct {
		Timestamp int64  `json:"timestamp"`
		Message   string `json:"message"`
	}
	var events []event
	for bytes := 0; len(events) < len(lines) && len(events) < putEvents; {
		line := lines[len(events)]
		if bytes += len(line) + putEventCost; bytes > putBytes {
			break
		}
		events = append(events, event{at.UnixMilli(), line})
	}
	body, err := json.Marshal(map[string]any{"logGroupName": benchGroup, "logStreamName": benchStream, "logEvents": events})
	return body, len(events), err
}

// puts measures how many flow log events a server takes durably, in requests that are built, filled and
// signed beforehand, by wall clock with the client on the same processors.
func (b *bench) puts(ctx context.Context) error {
	lines, err := b.someLines(min(100_000, int(b.records)))
	if err != nil {
		return err
	}
	requests := 400
	if b.records < barRecords {
		requests = 20
	}
	var rates []float64
	for range b.runs {
		rate, err := b.putRun(ctx, lines, requests)
		if err != nil {
			return err
		}
		rates = append(rates, rate)
	}
	mid, low, high := median(rates, func(x float64) float64 { return x })
	b.row("PutLogEvents, durable, full requests signed beforehand", "150,000 events/s", mid >= 150_000, "%.0f (%.0f to %.0f)", mid, low, high)
	return nil
}

// putRun puts requests into an empty data directory and returns events for each second.
func (b *bench) putRun(ctx context.Context, lines []string, requests int) (float64, error) {
	data, err := os.MkdirTemp(b.dir, "puts-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(data)
	s, server, err := b.startLogs(ctx, data)
	if err != nil {
		return 0, err
	}
	defer server.end()
	now, events := time.Now(), 0
	var ready []*http.Request
	for i := range requests {
		from := i * 7000 % (len(lines) - min(len(lines)-1, putEvents))
		body, n, err := putBody(lines[from:], now)
		if err != nil {
			return 0, err
		}
		r, err := s.request(ctx, "PutLogEvents", body)
		if err != nil {
			return 0, err
		}
		ready, events = append(ready, r), events+n
	}
	queue := make(chan *http.Request, len(ready))
	for _, r := range ready {
		queue <- r
	}
	close(queue)
	failed := make(chan error, putConnections)
	began := time.Now()
	var wg sync.WaitGroup
	for range putConnections {
		wg.Go(func() {
			for r := range queue {
				if _, err := s.do(r); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	wg.Wait()
	took := time.Since(began)
	select {
	case err := <-failed:
		return 0, err
	default:
	}
	rows, err := s.query(ctx, "bench", "stats count(*) as n", now.Add(-time.Hour), now.Add(time.Hour))
	if err != nil {
		return 0, err
	}
	if len(rows) != 1 || rows[0]["n"] != strconv.Itoa(events) {
		return 0, fmt.Errorf("the group holds %v, and %d events were acknowledged", rows, events)
	}
	return float64(events) / took.Seconds(), nil
}

// The live measurement: events come at liveRate for liveTime, in liveBatches a second; each batch has
// one event that is looked for.
const (
	liveRate    = 5000
	liveBatches = 10
	liveTime    = time.Minute
)

// dashboard is what is asked every second meanwhile, over the last 5 minutes.
const dashboard = "stats sum(bytes) as b, count(*) as n by srcAddr | sort b desc | limit 10"

// live measures how long an event takes from the start of its PutLogEvents until a query has it.
func (b *bench) live(ctx context.Context) error {
	lasting := liveTime
	if b.records < barRecords {
		lasting = 5 * time.Second
	}
	lines, err := b.someLines(50_000)
	if err != nil {
		return err
	}
	data, err := os.MkdirTemp(b.dir, "live-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(data)
	s, server, err := b.startLogs(ctx, data)
	if err != nil {
		return err
	}
	defer server.end()

	ctx, cancel := context.WithTimeout(ctx, lasting)
	defer cancel()
	var mu sync.Mutex
	var took, asked []time.Duration
	var faults []error
	fault := func(err error) {
		mu.Lock()
		defer mu.Unlock()
		if ctx.Err() == nil {
			faults = append(faults, err)
			cancel()
		}
	}
	marks := make(chan mark, liveBatches*int(lasting/time.Second)+1)
	var wg sync.WaitGroup
	wg.Go(func() { b.liveputs(ctx, s, lines, marks, fault) })
	wg.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for ctx.Err() == nil {
			began := time.Now()
			if _, err := s.query(ctx, "bench", dashboard, began.Add(-5*time.Minute), began.Add(time.Minute)); err != nil {
				fault(err)
				return
			}
			mu.Lock()
			asked = append(asked, time.Since(began))
			mu.Unlock()
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
		}
	})
	wg.Go(func() {
		found, err := look(ctx, s, marks)
		if err != nil {
			fault(err)
		}
		took = found
	})
	wg.Wait()
	if len(faults) > 0 || len(took) == 0 {
		return fmt.Errorf("live: %d events found: %w", len(took), errors.Join(faults...))
	}
	slices.Sort(took)
	p99 := took[(len(took)*99+99)/100-1].Seconds()
	mid, _, _ := median(took, time.Duration.Seconds)
	slow, _, slowest := median(asked, time.Duration.Seconds)
	b.row(fmt.Sprintf("event to query result at %d events/s, %d events looked for", liveRate, len(took)), "p99 under 2 s", p99 < 2,
		"median %.2f s, p99 %.2f s, largest %.2f s; %d dashboard queries meanwhile, median %.2f s, slowest %.2f s", mid, p99, took[len(took)-1].Seconds(), len(asked), slow, slowest)
	return nil
}

// mark is an event that is looked for, by its number of bytes.
type mark struct {
	number int
	began  time.Time
}

// look looks for events until ctx ends, all that are not found yet by one query after the other, and
// returns how long each took.
func look(ctx context.Context, s *logsServer, marks <-chan mark) (took []time.Duration, err error) {
	missing := map[string]mark{}
	for {
		for len(missing) == 0 || len(marks) > 0 {
			m, ok := <-marks
			if !ok {
				return took, nil
			}
			missing[strconv.Itoa(m.number)] = m
		}
		oldest := slices.MinFunc(slices.Collect(maps.Values(missing)), func(a, b mark) int { return a.number - b.number })
		rows, err := s.query(ctx, "bench", fmt.Sprintf(`filter srcAddr = "203.0.113.77" and bytes >= %d | fields bytes`, oldest.number), oldest.began.Add(-time.Minute), oldest.began.Add(time.Minute))
		if err != nil {
			return took, err
		}
		now := time.Now()
		for _, row := range rows {
			if m, ok := missing[row["bytes"]]; ok {
				took = append(took, now.Sub(m.began))
				delete(missing, row["bytes"])
			}
		}
	}
}

// liveputs puts liveBatches a second until ctx ends.
func (b *bench) liveputs(ctx context.Context, s *logsServer, lines []string, marks chan<- mark, fault func(error)) {
	defer close(marks)
	tick := time.NewTicker(time.Second / liveBatches)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		began, size := time.Now(), liveRate/liveBatches
		at := i * size % (len(lines) - size)
		m := mark{number: 900_000_000 + i, began: began}
		batch := append(slices.Clone(lines[at:at+size-1]),
			fmt.Sprintf("2 111122223333 eni-0a 203.0.113.77 10.0.0.9 44123 443 6 1 %d %d %d ACCEPT OK", m.number, began.Unix(), began.Unix()+60))
		body, n, err := putBody(batch, began)
		if err == nil && n != size {
			err = fmt.Errorf("a batch took %d of %d events", n, size)
		}
		var r *http.Request
		if err == nil {
			r, err = s.request(ctx, "PutLogEvents", body)
		}
		if err == nil {
			_, err = s.do(r)
		}
		if err != nil {
			fault(err)
			return
		}
		marks <- m
	}
}
