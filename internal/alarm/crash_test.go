package alarm

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

var kills = flag.Int("kills", 5, "how often TestCrash kills a process that evaluates alarms")

// TestMain is the process that TestCrash starts, where it is asked for.
func TestMain(m *testing.M) {
	if data := os.Getenv("WEIR_TEST_DATA"); data != "" {
		if err := evaluateUntil(context.Background(), data, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// minutes is how long the crash test's series are.
const minutes = 120

// A seesaw is a source of which each alarm is over the threshold in every second minute.
type seesaw struct{}

func (seesaw) Values(_ context.Context, m *Metric, from, to int64) (out []Datapoint, err error) {
	for at := from; at < to; at += int64(m.Period) {
		out = append(out, Datapoint{Time: at, Value: float64(at / 60 % 2 * 100)})
	}
	return out, nil
}

func (seesaw) Lateness(context.Context, *Metric) (int64, error)                { return 0, nil }
func (seesaw) Settle(context.Context, int64) error                             { return nil }
func (seesaw) LogResult(context.Context, *Log, int64) (r LogResult, err error) { return r, nil }

// evaluateUntil evaluates alarms under a clock that goes on where the store was, and publishes what they ask for: it writes a line, and only then is the action done. It ends after
// some minutes, unless it is killed.
func evaluateUntil(ctx context.Context, data string, published io.Writer) error {
	now := start * 1000
	s, err := Open(ctx, data, Options{Account: "1", Region: "us-east-1", Now: func() time.Time { return time.UnixMilli(now) }})
	if err != nil {
		return err
	}
	defer s.Close()
	now = max(now, s.watch.seen+60_000)
	for now <= (start+minutes*60)*1000 {
		if _, err := s.Step(ctx, seesaw{}); err != nil {
			return err
		}
		list, err := s.Actions(ctx)
		if err != nil {
			return err
		}
		for _, a := range list {
			if _, err := fmt.Fprintln(published, a.ID, a.Definition.Name, a.Number, a.New); err != nil {
				return err
			}
			if err := s.ActionDone(ctx, a.ID, true, ""); err != nil {
				return err
			}
		}
		now += 60_000
	}
	return nil
}

// TestCrash kills a process that evaluates alarms again and again, and checks that no action was lost, that none has two ids, and that one is
// published again at most once for each kill.
func TestCrash(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(t.Context(), dir, Options{Account: "1", Region: "us-east-1", Now: func() time.Time { return time.UnixMilli(start * 1000) }})
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"a", "b", "c", "all"}
	for _, name := range names[:3] {
		if err := s.Put(t.Context(), onMetric(name, 1), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Put(t.Context(), onAlarms("all", "ALARM(a) AND ALARM(b)"), nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(uint64(*kills), 1))
	var published []string
	for range *kills {
		published = append(published, killed(t, dir, 1+random.IntN(40))...)
	}
	var rest strings.Builder
	if err := evaluateUntil(t.Context(), dir, &rest); err != nil {
		t.Fatal(err)
	}
	checkPublished(t, dir, names, append(published, strings.Split(strings.TrimSpace(rest.String()), "\n")...))
}

// killed runs the process until it has published some lines, kills it, and returns all that it published.
func killed(t *testing.T, dir string, after int) (published []string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0])
	c.Env = append(os.Environ(), "WEIR_TEST_DATA="+dir)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for scanner := bufio.NewScanner(out); scanner.Scan(); {
		if published = append(published, scanner.Text()); len(published) == after {
			_ = c.Process.Kill()
		}
	}
	if err := c.Wait(); err == nil {
		t.Error("the process ended before it was killed")
	}
	return published
}

func checkPublished(t *testing.T, dir string, names, published []string) {
	t.Helper()
	times, ids := map[string]int{}, map[string]string{}
	for _, line := range published {
		id, what, _ := strings.Cut(line, " ")
		if times[what]++; ids[what] != "" && ids[what] != id {
			t.Errorf("%s has the ids %s and %s", what, ids[what], id)
		}
		ids[what] = id
	}
	repeated := 0
	for what, n := range times {
		if repeated += n - 1; n > *kills+1 {
			t.Errorf("%s was published %d times", what, n)
		}
	}
	if repeated > *kills {
		t.Errorf("%d messages were repeated, over %d kills", repeated, *kills)
	}
	s, err := Open(t.Context(), dir, Options{Account: "1", Region: "us-east-1", Now: func() time.Time { return time.UnixMilli(start * 1000) }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	distinct := map[string]bool{}
	for _, name := range names {
		list, err := s.History(t.Context(), HistoryRequest{Name: name, ItemType: itemStateUpdate, Ascending: true, Limit: 10 * minutes})
		if err != nil {
			t.Fatal(err)
		}
		if len(list) < minutes {
			t.Errorf("%s has %d transitions", name, len(list))
		}
		for i, h := range list {
			what := fmt.Sprint(name, " ", i+1, " ", stateUpdated(t, h.Data))
			if times[what] == 0 {
				t.Errorf("%s was lost", what)
			}
			distinct[ids[what]] = true
			delete(times, what)
		}
	}
	if len(times) > 0 || len(distinct) != len(ids) {
		t.Errorf("%d actions of no transition, %d ids of %d actions", len(times), len(distinct), len(ids))
	}
}
