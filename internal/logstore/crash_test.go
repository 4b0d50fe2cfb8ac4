package logstore

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"weir/flowlog"
	"weir/internal/sharedtest"
)

var (
	kills     = flag.Int("kills", 10, "how often TestCrash kills a process that puts events")
	crashSeed = flag.Uint64("crash-seed", 1, "what TestCrash's moments follow from")
)

// TestMain is the process that a test starts, where it is asked for.
func TestMain(m *testing.M) {
	data := os.Getenv("WEIR_TEST_DATA")
	var err error
	switch os.Getenv("WEIR_TEST_ROLE") {
	case "":
		os.Exit(m.Run())
	case "put":
		err = putForever(data, os.Getenv("WEIR_TEST_RUN"))
	case "full-disk":
		err = fillDisk(data)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// crashStreams is how many clients put side by side.
const crashStreams = 4

// crashEvents returns the events of a Put, which tell where they are from: flow log records, and other text.
func crashEvents(run string, client, n int, now time.Time) []InputEvent {
	var events []InputEvent
	for i := range 1 + n*7%20 { // records have whole seconds
		at := now.Add(time.Duration(i) * time.Second).Truncate(time.Second)
		text := fmt.Sprintf("2 123456789012 eni-%s 10.0.0.%d 10.1.0.1 %d 443 6 %d 840 %d %d ACCEPT OK", run, client, i, n, at.Unix(), at.Unix()+59)
		if i%5 == 4 {
			text = fmt.Sprintf(`{"run": %q, "client": %d, "put": %d, "event": %d}`, run, client, n, i)
		}
		events = append(events, InputEvent{at.UnixMilli(), []byte(text)})
	}
	return events
}

// putForever puts events from several clients, with files made and put together beside, and a reader that counts them,
// and says after each Put that it is acknowledged.
func putForever(data, run string) error {
	ctx := context.Background()
	s, err := Open(ctx, data, Options{FlushBytes: 30_000, FlushAge: 20 * time.Millisecond})
	if err != nil {
		return err
	}
	if err := s.CreateGroup(ctx, "g", "", nil); err != nil && !errors.Is(err, ErrGroupExists) {
		return err
	}
	if err := s.SetFormat(ctx, "g", defaultFormat); err != nil {
		return err
	}
	failed := make(chan error)
	go func() { failed <- countForever(ctx, s, data) }()
	var out sync.Mutex
	for client := range crashStreams {
		name := fmt.Sprintf("client-%d", client)
		if err := s.CreateStream(ctx, "g", name); err != nil && !errors.Is(err, ErrStreamExists) {
			return err
		}
		go func() {
			for n := 0; ; n++ {
				now := time.Now()
				if _, err := s.Put(ctx, "g", name, crashEvents(run, client, n, now), now); err != nil {
					failed <- err
					return
				}
				out.Lock()
				fmt.Printf("%s %d %d %d\n", run, client, n, now.UnixNano())
				out.Unlock()
			}
		}()
	}
	return <-failed
}

// acknowledged is a Put that a process said to be kept.
type acknowledged struct {
	run       string
	client, n int
}

// TestCrash kills a process with SIGKILL while it puts events. All that it acknowledged is there once, no other
// event is there twice, the objects for the lake have the records of the files, once, and a reader that follows saw each
// event once.
func TestCrash(t *testing.T) {
	data := t.TempDir()
	random := rand.New(rand.NewPCG(*crashSeed, 31))
	want := map[acknowledged]time.Time{}
	for run := range *kills {
		env := []string{"WEIR_TEST_ROLE=put", "WEIR_TEST_DATA=" + data, fmt.Sprintf("WEIR_TEST_RUN=%d", run)}
		puts, after := 1+random.IntN(80), time.Duration(random.IntN(20_000))*time.Microsecond
		sharedtest.Killed(t, env, puts, after, func(line string) bool {
			var a acknowledged
			var at int64
			if _, err := fmt.Sscan(line, &a.run, &a.client, &a.n, &at); err != nil {
				return false
			}
			want[a] = time.Unix(0, at)
			return true
		})
		if run%40 == 39 || run == *kills-1 {
			checkCrash(t, data, want)
		}
	}
	t.Logf("%d kills, %d Puts acknowledged", *kills, len(want))
}

// checkCrash opens what a killed process left.
func checkCrash(t *testing.T, data string, want map[acknowledged]time.Time) {
	t.Helper()
	s, err := Open(t.Context(), data, Options{FlushAge: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	checkCounted(t, s, data)
	for _, step := range []string{"as it was left", "flushed", "put together"} {
		switch step {
		case "flushed":
			err = s.Flush(t.Context())
		case "put together":
			err = s.Compact(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int{}
		for e, err := range s.Read(t.Context(), ReadRequest{Group: "g"}) {
			if err != nil {
				t.Fatal(err)
			}
			got[crashKey(e.Timestamp, e.Message)]++
		}
		for key, n := range got {
			if n > 1 {
				t.Errorf("%s: %s is there %d times", step, key, n)
			}
		}
		missing := 0
		for a, now := range want {
			for _, e := range crashEvents(a.run, a.client, a.n, now) {
				if got[crashKey(e.Timestamp, string(e.Message))] == 0 {
					missing++
				}
			}
		}
		if missing > 0 {
			t.Errorf("%s: %d events that were acknowledged are lost", step, missing)
		}
		if step == "as it was left" {
			continue
		}
		records := objectMessages(t, s)
		for key := range got {
			if strings.Contains(key, "ACCEPT") != (records[key] == 1) {
				t.Errorf("%s: the objects have %s %d times", step, key, records[key])
			}
		}
	}
}

// crashKey tells an event by its time and message.
func crashKey(at int64, message string) string { return strconv.FormatInt(at, 10) + " " + message }

// objectMessages returns how often the objects have each event, by its time and message.
func objectMessages(t *testing.T, s *Store) map[string]int {
	t.Helper()
	objects, err := s.Objects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	for _, o := range objects {
		text, err := s.ReadObject(o)
		if err != nil {
			t.Fatal(err)
		}
		d, err := flowlog.NewDecoder(bytes.NewReader(text), flowlog.Options{Format: &o.Format})
		if err != nil {
			t.Fatal(err)
		}
		n := int64(0)
		for {
			b, err := d.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			for r := range b.Records() {
				n++
				out[crashKey(r.EventTime()*1000, string(flowlog.AppendText(nil, r, o.Format)))]++
			}
		}
		if n != o.Events || d.Stats().Bad != 0 {
			t.Errorf("%s has %d records and %d bad lines, and should have %d", o.Name, n, d.Stats().Bad, o.Events)
		}
	}
	return out
}
