package metricstore

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestMain is the process that TestKilled starts, where it is asked for.
func TestMain(m *testing.M) {
	data := os.Getenv("WEIR_TEST_DATA")
	if data == "" {
		os.Exit(m.Run())
	}
	if err := commitForever(data); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// commitForever commits data with positions, beside clients that put, and prints what was acknowledged.
func commitForever(data string) error {
	ctx := context.Background()
	s, err := Open(ctx, data, Options{Now: (&clock{noon}).now})
	if err != nil {
		return err
	}
	position, err := s.Position(ctx, "reader")
	if err != nil {
		return err
	}
	n := uint64(0)
	if position != nil {
		n = binary.BigEndian.Uint64(position)
	}
	failed := make(chan error)
	go func() {
		for {
			n++
			err := s.Commit(ctx, "reader", binary.BigEndian.AppendUint64(nil, n), []Datum{{Metric: Metric{Namespace: "kill", Name: "committed"}, Time: noon.UnixMilli(), Values: []float64{1, 0}}})
			if err != nil {
				failed <- err
				return
			}
			fmt.Printf("committed %d\n", n)
		}
	}()
	for {
		select {
		case err := <-failed:
			return err
		default:
		}
		if err := s.Put(ctx, []Datum{{Metric: Metric{Namespace: "kill", Name: "put"}, Time: noon.UnixMilli(), Values: []float64{1}}}); err != nil {
			return err
		}
		fmt.Println("put")
	}
}

// TestKilled kills a process that puts and commits: what was acknowledged is there, and a reader's position tells what it counted.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(7, 8))
	var puts, committed uint64
	for range 5 {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), "WEIR_TEST_DATA="+dir)
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		left := 20 + random.IntN(200)
		for lines := bufio.NewScanner(out); lines.Scan(); left-- {
			if left == 0 {
				must(t, cmd.Process.Kill())
			}
			// What comes behind the kill was acknowledged too.
			if text, ok := strings.CutPrefix(lines.Text(), "committed "); ok {
				if n, err := strconv.ParseUint(text, 10, 64); err == nil {
					committed = n
				}
			} else if lines.Text() == "put" {
				puts++
			}
		}
		_ = cmd.Wait() // it was killed
		s := open(t, dir, &clock{noon})
		position, err := s.Position(t.Context(), "reader")
		must(t, err)
		n := binary.BigEndian.Uint64(position)
		got := map[string]float64{}
		for _, name := range []string{"committed", "put"} {
			points, err := s.Read(t.Context(), ReadRequest{Metric: Metric{Namespace: "kill", Name: name}, From: noon.Unix(), To: noon.Unix() + 60, Period: 60})
			must(t, err)
			for _, p := range points {
				got[name] += p.Sum
			}
		}
		must(t, s.Close())
		if n < committed || n > committed+1 || got["committed"] != float64(n) || got["put"] < float64(puts) || got["put"] > float64(puts)+1 {
			t.Fatalf("the position is %d of %d, the sums are %v, %d were put", n, committed, got, puts)
		}
		committed, puts = n, uint64(got["put"])
	}
}

// TestCommit keeps both the data and the position, or none.
func TestCommit(t *testing.T) {
	dir, c := t.TempDir(), &clock{noon}
	s := open(t, dir, c)
	position := func() string {
		t.Helper()
		got, err := s.Position(t.Context(), "lake")
		must(t, err)
		return string(got)
	}
	if got, err := s.Position(t.Context(), "lake"); got != nil || err != nil {
		t.Fatalf("a reader that never was has the position %q, %v", got, err)
	}
	must(t, s.Commit(t.Context(), "lake", []byte("one"), []Datum{at(0, 1)}))
	must(t, s.Commit(t.Context(), "other", []byte("x"), nil))
	must(t, s.Commit(t.Context(), "lake", []byte("two"), []Datum{at(0, 1), at(60, 1)}))
	_, err := s.db.ExecContext(t.Context(), "CREATE TRIGGER full BEFORE INSERT ON positions BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
	must(t, err)
	fresh := Datum{Metric: Metric{Namespace: "Test", Name: "fresh"}, Time: noon.UnixMilli(), Values: []float64{1}}
	if err := s.Commit(t.Context(), "lake", []byte("three"), []Datum{at(0, 1), fresh}); err == nil || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("a commit that fails: %v", err)
	}
	if list, err := s.List(t.Context(), ListRequest{Name: "fresh"}); err != nil || len(list) > 0 {
		t.Errorf("a metric that was not kept is listed: %v %v", list, err)
	}
	if got := position(); got != "two" {
		t.Errorf("the position is %q", got)
	}
	_, err = s.db.ExecContext(t.Context(), "DROP TRIGGER full")
	must(t, err)
	must(t, s.Commit(t.Context(), "lake", []byte("three"), []Datum{at(0, 1), fresh}))
	must(t, s.Close())
	s = open(t, dir, c)
	want := []Point{point(0, "None", Statistics{3, 3, 1, 1}), point(60, "None", Statistics{1, 1, 1, 1})}
	if diff := cmp.Diff(want, read(t, s, 0, 120, 60), public); diff != "" || position() != "three" {
		t.Errorf("at %q: %s", position(), diff)
	}
	wrong := new(InvalidError)
	if err := errors.Join(s.Commit(t.Context(), "", []byte("x"), nil), s.Commit(t.Context(), "lake", nil, nil)); !errors.As(err, &wrong) {
		t.Errorf("without a reader or a position: %v", err)
	}
}

// TestManyPuts puts from many goroutines while others read and tidy.
func TestManyPuts(t *testing.T) {
	s := open(t, t.TempDir(), &clock{noon.Add(time.Hour)})
	const clients, each = 8, 30
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			for n := range int64(each) {
				d := at(n%7*60, float64(n))
				other := d
				other.Metric = Metric{Namespace: "Test", Name: fmt.Sprint("of ", client)}
				if err := s.Put(t.Context(), []Datum{d, other}); err != nil {
					t.Error(err)
				}
				if points, err := s.Read(t.Context(), ReadRequest{Metric: other.Metric, From: noon.Unix(), To: noon.Unix() + 420, Period: 420}); err != nil || points[0].SampleCount != float64(n+1) {
					t.Errorf("after %d puts there is %v %v", n+1, points, err)
				}
				if n%20 == 0 {
					if err := s.Tidy(t.Context()); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	total := Statistics{}
	for _, p := range read(t, s, 0, 420, 60) {
		total.SampleCount += p.SampleCount
		total.Sum += p.Sum
	}
	if total.SampleCount != clients*each || total.Sum != clients*each*(each-1)/2 {
		t.Errorf("there is %v", total)
	}
	if list, err := s.List(t.Context(), ListRequest{}); err != nil || len(list) != clients+1 {
		t.Errorf("%d metrics are listed, %v", len(list), err)
	}
}

// TestShuffled puts the same data in several orders and batches: the points are the same, also those of more values than are kept exactly.
func TestShuffled(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	var data []Datum
	for i := range 2000 {
		data = append(data, at(int64(i%3)*60, float64(random.IntN([]int{10, 250, 5000}[i%3]))))
	}
	var want []Point
	for range 3 {
		random.Shuffle(len(data), func(i, j int) { data[i], data[j] = data[j], data[i] })
		s := open(t, t.TempDir(), &clock{noon.Add(time.Hour)})
		for rest := data; len(rest) > 0; {
			n := min(len(rest), 1+random.IntN(500))
			must(t, s.Put(t.Context(), rest[:n]))
			rest = rest[n:]
		}
		got := read(t, s, 0, 180, 60)
		if want == nil {
			want = got
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(Point{}, row{}, distribution{}, sample{})); diff != "" || len(got) != 3 || got[0].row.values.rough || got[1].row.values.rough || !got[2].row.values.rough {
			t.Errorf("%d points, %s", len(got), diff)
		}
	}
}

func TestPutRefuses(t *testing.T) {
	s := open(t, t.TempDir(), &clock{noon})
	set := func(s Statistics, values ...float64) func(*Datum) {
		return func(d *Datum) { d.Values, d.Statistics = values, &s }
	}
	tests := map[string]func(*Datum){
		"no namespace":               func(d *Datum) { d.Namespace = "" },
		"no name":                    func(d *Datum) { d.Name = "" },
		"dimensions out of order":    func(d *Datum) { d.Dimensions = []Dimension{{"b", "1"}, {"a", "1"}} },
		"a dimension twice":          func(d *Datum) { d.Dimensions = []Dimension{{"a", "1"}, {"a", "2"}} },
		"a dimension without a name": func(d *Datum) { d.Dimensions = []Dimension{{"", "1"}} },
		"a zero byte":                func(d *Datum) { d.Dimensions = []Dimension{{"a", "1\x00b"}} },
		"no UTF-8":                   func(d *Datum) { d.Dimensions = []Dimension{{"a", "1\xff"}} },
		"a resolution":               func(d *Datum) { d.Resolution = 10 },
		"a unit":                     func(d *Datum) { d.Unit = "Apples" },
		"no values":                  func(d *Datum) { d.Values = nil },
		"no number":                  func(d *Datum) { d.Values = []float64{1, math.NaN()} },
		"infinite":                   func(d *Datum) { d.Values = []float64{math.Inf(-1)} },
		"too large":                  func(d *Datum) { d.Values = []float64{math.Ldexp(1, 361)} },
		"fewer counts":               func(d *Datum) { d.Values, d.Counts = []float64{1, 2}, []float64{1} },
		"a count of 0":               func(d *Datum) { d.Counts = []float64{0} },
		"a count that is none":       func(d *Datum) { d.Counts = []float64{math.NaN()} },
		"a set and values":           set(Statistics{1, 1, 1, 1}, 1),
		"a set of nothing":           set(Statistics{0, 0, 0, 0}),
		"a set upside down":          set(Statistics{1, 1, 2, 1}),
		"a set without a sum":        set(Statistics{1, math.NaN(), 1, 1}),
		"an infinite set":            set(Statistics{1, 1, 1, math.Inf(1)}),
	}
	for name, change := range tests {
		bad := at(0, 1)
		change(&bad)
		wrong := new(InvalidError)
		if err := s.Put(t.Context(), []Datum{at(0, 1), bad}); !errors.As(err, &wrong) || wrong.Message == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := read(t, s, 0, 60, 60); len(got) > 0 {
		t.Errorf("of requests that were refused there is %v", got)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	idle := &Store{now: (&clock{noon}).now, wake: make(chan struct{}, 1)} // writes nothing
	if err := idle.Put(gone, []Datum{at(0, 1)}); !errors.Is(err, context.Canceled) || len(idle.queue) > 0 {
		t.Errorf("a put that nobody waits for: %v, %d wait", err, len(idle.queue))
	}
	must(t, s.Close())
	if err := s.Put(t.Context(), []Datum{at(0, 1)}); !errors.Is(err, ErrClosed) {
		t.Errorf("a put after the end: %v", err)
	}
	must(t, s.Close())
}

// TestDamaged reads rows that nobody wrote.
func TestDamaged(t *testing.T) {
	dir, c := t.TempDir(), &clock{noon}
	s := open(t, dir, c)
	must(t, s.Put(t.Context(), []Datum{at(0, 1, 2)}))
	_, err := s.db.ExecContext(t.Context(), "UPDATE points SET samples = x'0102'")
	must(t, err)
	r := ReadRequest{Metric: testMetric, From: noon.Unix(), To: noon.Unix() + 60, Period: 60, Values: true}
	if _, err := s.Read(t.Context(), r); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("samples that are damaged: %v", err)
	}
	r.Values = false
	if got, err := s.Read(t.Context(), r); err != nil || len(got) != 1 {
		t.Errorf("what does not need them: %v %v", got, err)
	}
	_, err = s.db.ExecContext(t.Context(), "UPDATE metrics SET dimensions = '{'")
	must(t, errors.Join(err, s.Close()))
	if _, err := Open(t.Context(), dir, Options{Now: c.now}); err == nil || !strings.Contains(err.Error(), "the dimensions of the metric 1") {
		t.Errorf("dimensions that are damaged: %v", err)
	}
	if _, err := Open(t.Context(), dir+"/none", Options{}); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("a folder that is not there: %v", err)
	}
}
