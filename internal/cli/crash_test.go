package cli

import (
	"bytes"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/synth"
)

var (
	kills     = flag.Int("kills", 8, "how often TestCrash kills weir")
	crashSeed = flag.Uint64("crash-seed", 1, "what TestCrash's order, delays and moments follow from")
)

// TestCrash takes objects in any order, some late, some again and from another
// place, with a weir that is killed with SIGKILL at random moments and started
// again. In the end the lake holds just what the objects hold.
func TestCrash(t *testing.T) {
	t.Setenv("TZ", "UTC")
	x := newCrash(t)
	rounds := 0
	for killed := 0; killed < *kills; rounds++ {
		if rounds > 20**kills {
			t.Fatalf("only %d kills in %d runs", killed, rounds)
		}
		x.deliver()
		if x.runAndKill() {
			killed++
		}
	}
	t.Logf("%d kills in %d runs, %d objects, seed %d", *kills, rounds, len(x.objects), *crashSeed)
	for len(x.left) > 0 {
		x.deliver()
	}
	mustCall(t, "--data", x.data, "open", "-q", x.in)
	x.check()
}

// crash is objects that are delivered and taken bit by bit.
type crash struct {
	t       *testing.T
	random  *rand.Rand
	all, in string   // folders: of all objects, and of those that were delivered
	data    string   // of the weir that is killed
	objects []string // paths in all
	left    []string // what was not delivered yet, in the order in which it will be
	copies  int
	patient time.Duration // how long a run takes that is not killed
}

// newCrash makes the objects, and takes them once without a kill.
func newCrash(t *testing.T) *crash {
	t.Helper()
	dir := t.TempDir()
	x := &crash{
		t: t, random: rand.New(rand.NewPCG(*crashSeed, 0)),
		all: filepath.Join(dir, "all"), in: filepath.Join(dir, "in"), data: filepath.Join(dir, "data"),
	}
	c := synth.DefaultConfig()
	c.Records, c.Duration = 40_000, 4*time.Hour
	if _, err := synth.WriteDir(t.Context(), x.all, c, nil); err != nil {
		t.Fatal(err)
	}
	for name := range readTree(t, x.all) {
		x.objects = append(x.objects, name)
	}
	slices.Sort(x.objects)
	x.left = slices.Clone(x.objects)
	x.random.Shuffle(len(x.left), func(i, j int) { x.left[i], x.left[j] = x.left[j], x.left[i] })
	began := time.Now()
	if err := exec.Command("weir", "--data", x.data+"-reference", "open", "-q", x.all).Run(); err != nil {
		t.Fatal(err)
	}
	x.patient = time.Since(began)
	return x
}

// deliver puts some more objects where weir takes them from: new ones, and now and
// then one that is there already, again or in another place.
func (x *crash) deliver() {
	n := min(len(x.left), 1+x.random.IntN(2*len(x.objects) / *kills + 1))
	for _, name := range x.left[:n] {
		x.copy(name, name)
	}
	x.left = x.left[n:]
	if delivered := len(x.objects) - len(x.left); delivered > 0 {
		again := x.objects[x.random.IntN(len(x.objects))]
		if _, err := os.Stat(filepath.Join(x.in, again)); err == nil {
			x.copy(again, again) // the same bytes with another modification time
		}
		// In another folder, under the name that AWS gave it: the name tells the
		// slot, without which records lie by their end.
		x.copies++
		other := x.objects[x.random.IntN(len(x.objects))]
		x.copy(other, fmt.Sprintf("again/%d/%s", x.copies, filepath.Base(other)))
	}
}

// copy delivers an object under a name.
func (x *crash) copy(object, name string) {
	x.t.Helper()
	b, err := os.ReadFile(filepath.Join(x.all, object))
	if err != nil {
		x.t.Fatal(err)
	}
	path := filepath.Join(x.in, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, b, 0o600)); err != nil {
		x.t.Fatal(err)
	}
}

// runAndKill runs weir and kills it at a random moment. It reports false where weir
// had ended before.
func (x *crash) runAndKill() bool {
	x.t.Helper()
	args := []string{"--data", x.data, "open", "-q", "--workers", fmt.Sprint(1 + x.random.IntN(4)), x.in}
	if x.random.IntN(8) == 0 {
		args = []string{"--data", x.data, "lake", "compact"}
	}
	var out bytes.Buffer
	cmd := exec.Command("weir", args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	after := time.Duration(x.random.Int64N(int64(x.patient) * 4 / 3)) // a quarter comes to its end
	began := time.Now()
	if err := cmd.Start(); err != nil {
		x.t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	timer.Stop()
	if err == nil {
		x.patient = (x.patient + time.Since(began)) / 2
		return false
	}
	exit := (*exec.ExitError)(nil)
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		x.t.Fatalf("weir %q: %v\n%s", args, err, &out)
	}
	return true
}

// check compares the lake with the objects, and with a lake that was never killed.
func (x *crash) check() {
	x.t.Helper()
	want, got := x.decoded(), x.queried()
	if !slices.Equal(want, got) {
		x.t.Errorf("the lake holds %d records, the objects %d; (-objects +lake):\n%.2000s", len(got), len(want), cmp.Diff(want, got))
	}
	mustCall(x.t, "--data", x.data, "lake", "check")
	for _, field := range []string{"srcaddr", "dstport,protocol", "interface-id", "action", "weir-hour"} {
		want := mustCall(x.t, "--data", x.data+"-reference", "top", field, "--json", "-n", "1000")
		got := mustCall(x.t, "--data", x.data, "top", field, "--json", "-n", "1000")
		if diff := cmp.Diff(want, got); diff != "" {
			x.t.Errorf("top %s (-never killed +killed):\n%s", field, diff)
		}
	}
	// What the lake derived of each record: direction, pair and repeat.
	const derived = "SELECT interface_id, srcaddr, dstaddr, srcport, dstport, protocol, start, action, weir_direction, weir_pair, weir_pair_gap, " +
		"weir_repeat, count(*) FROM vpc_flow_logs GROUP BY ALL ORDER BY ALL"
	reference := mustCall(x.t, "--data", x.data+"-reference", "query", "--format", "csv", derived)
	if diff := cmp.Diff(strings.Split(reference, "\n"), strings.Split(mustCall(x.t, "--data", x.data, "query", "--format", "csv", derived), "\n")); diff != "" {
		x.t.Errorf("derived (-never killed +killed):\n%.3000s", diff)
	}
	for _, of := range []string{"accepted", "none", "receiver"} {
		if strings.Count(reference, ","+of+",") < 100 {
			x.t.Errorf("few records are %s", of)
		}
	}
	status := mustCall(x.t, "--data", x.data, "lake", "status", "--json")
	for _, want := range []string{fmt.Sprintf(`"taken": %d`, len(x.objects)), `"unfinished_batches": 0`, `"problems": []`} {
		if !strings.Contains(status, want) {
			x.t.Errorf("no %s in the status:\n%s", want, status)
		}
	}
}

// crashFormat is what is compared of each record.
var crashFormat = flowlog.DefaultFormat(flowlog.KindVPC)

// decoded returns the records of all objects, sorted: the object's name, then the
// fields as CSV.
func (x *crash) decoded() []string {
	x.t.Helper()
	var out []string
	for _, name := range x.objects {
		f, err := os.Open(filepath.Join(x.all, name))
		if err != nil {
			x.t.Fatal(err)
		}
		d, err := flowlog.NewDecoder(f, flowlog.Options{})
		if err != nil {
			x.t.Fatal(err)
		}
		for {
			b, err := d.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				x.t.Fatal(err)
			}
			for r := range b.Records() {
				var line strings.Builder
				line.WriteString(filepath.Base(name))
				for i := range crashFormat.Len() {
					field, _ := crashFormat.Field(i)
					value, _ := r.Text(field.ID)
					line.WriteString("," + value)
				}
				out = append(out, line.String())
			}
		}
		f.Close()
	}
	slices.Sort(out)
	return out
}

// queried returns the lake's records in the same form. A record of an object that
// was delivered to two places may name either.
func (x *crash) queried() []string {
	x.t.Helper()
	columns := make([]string, crashFormat.Len())
	for i, name := range crashFormat.Names() {
		columns[i] = `"` + flowlog.ColumnName(name) + `"`
	}
	text := mustCall(x.t, "--data", x.data, "query", "--format", "csv",
		"SELECT weir_object, "+strings.Join(columns, ", ")+" FROM vpc_flow_logs")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		x.t.Fatal(err)
	}
	byContent := map[string]string{}
	for name, content := range readTree(x.t, x.all) {
		byContent[string(content)] = name
	}
	names := map[string]string{} // what a delivered object holds
	for name, content := range readTree(x.t, x.in) {
		names[filepath.Join(x.in, name)] = filepath.Base(byContent[string(content)])
	}
	var out []string
	for _, row := range rows[1:] {
		out = append(out, names[row[0]]+","+strings.Join(row[1:], ","))
	}
	slices.Sort(out)
	return out
}
