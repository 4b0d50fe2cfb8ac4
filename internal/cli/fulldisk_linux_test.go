package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"weir/internal/synth"
)

// onSmallDisk runs a shell script in a mount namespace of its own, in which $DISK is
// a small file system; "size KB" gives it another size. "step NAME COMMAND..." runs
// a command and goes on whatever becomes of it. It returns what the steps printed,
// on both streams, and their exit codes.
func onSmallDisk(t *testing.T, env []string, script string) map[string]answer {
	t.Helper()
	const prelude = `
size() { mount -o "remount,size=$1k" "$DISK"; }
used() { du -sk "$DISK" | cut -f1; }
step() { echo "=== $1"; shift; if "$@" 2>&1; then echo "=== 0"; else echo "=== $?"; fi; }
mount -t tmpfs -o size=100m weir "$DISK"
`
	args := []string{"--mount"}
	if os.Getuid() != 0 {
		args = append(args, "--map-root-user")
	}
	cmd := exec.Command("unshare", append(args, "sh", "-eu", "-c", prelude+script)...)
	cmd.Env = append(append(os.Environ(), "TZ=UTC", "DISK="+t.TempDir()), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		if os.Getenv("WEIR_CI") != "1" && !strings.Contains(string(out), "===") {
			t.Skipf("no mount namespaces here: %v\n%s", err, out)
		}
		t.Fatalf("%v\n%s", err, out)
	}
	steps := map[string]answer{}
	parts := strings.Split(string(out), "=== ")
	for i := 1; i+1 < len(parts); i += 2 {
		name, text, _ := strings.Cut(parts[i], "\n")
		code, err := strconv.Atoi(strings.TrimSpace(parts[i+1]))
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		steps[name] = answer{Out: text, Code: code}
	}
	return steps
}

// expectSteps checks the exit codes of steps and what they print.
func expectSteps(t *testing.T, steps map[string]answer, want []struct {
	name string
	code int
	text []string
},
) {
	t.Helper()
	for _, w := range want {
		s, ok := steps[w.name]
		if !ok {
			t.Errorf("step %s did not run", w.name)
			continue
		}
		if s.Code != w.code {
			t.Errorf("step %s: exit code %d, want %d\n%s", w.name, s.Code, w.code, s.Out)
		}
		for _, text := range w.text {
			if !strings.Contains(s.Out, text) {
				t.Errorf("step %s: no %q in\n%s", w.name, text, s.Out)
			}
		}
	}
}

// oneHour makes an hour of logs.
func oneHour(t *testing.T, seed uint64, records int64) string {
	t.Helper()
	c := synth.DefaultConfig()
	c.Seed, c.Records, c.Duration = seed, records, time.Hour
	dir := filepath.Join(t.TempDir(), "logs")
	if _, err := synth.WriteDir(t.Context(), dir, c, nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

// noRoom is what a full disk is told with.
var noRoom = []string{
	"weir: ", "cannot write the lake: no space left: ", "no space left on device",
	"hint: make room and run the same command again: what was taken stays, and it goes on from there",
}

// TestFullDisk fills the disk in the middle of an import: what was taken before
// stays whole, and with room a second run finishes the work.
func TestFullDisk(t *testing.T) {
	const first, second = 20_000, 300_000
	env := []string{"FIRST=" + oneHour(t, 1, first), "SECOND=" + oneHour(t, 2, second)}
	steps := onSmallDisk(t, env, `
export WEIR_DATA="$DISK/data"
step first weir open -q "$FIRST"
size $(($(used) + 1000))
step full weir open -q "$SECOND"
step still-full weir open -q "$SECOND"
step count weir query --format csv 'SELECT count(*) FROM vpc_flow_logs'
step check weir lake check
step status weir lake status
size 100000
step again weir open -q "$SECOND"
step count-all weir query --format csv 'SELECT count(*) FROM vpc_flow_logs'
step check-all weir lake check
step status-all weir lake status --json
`)
	expectSteps(t, steps, []struct {
		name string
		code int
		text []string
	}{
		{"first", exitOK, nil},
		{"full", exitFailed, noRoom},
		{"still-full", exitFailed, noRoom},
		{"count", exitOK, []string{fmt.Sprintf("\n%d\n", first)}},
		{"check", exitOK, []string{"all as taken"}},
		{"status", exitOK, nil},
		{"again", exitOK, []string{"300,000 records"}},
		{"count-all", exitOK, []string{fmt.Sprintf("\n%d\n", first+second)}},
		{"check-all", exitOK, []string{"all as taken"}},
		{"status-all", exitOK, []string{`"unfinished_batches": 0`}},
	})
}

// TestFullDiskCompacting fills the disk while small files are put together.
func TestFullDiskCompacting(t *testing.T) {
	const first, second = 200_000, 20_000
	env := []string{"FIRST=" + oneHour(t, 1, first), "SECOND=" + oneHour(t, 2, second)}
	steps := onSmallDisk(t, env, `
export WEIR_DATA="$DISK/data"
step first weir open -q "$FIRST"
size $(($(used) + 1200))
step full weir open -q "$SECOND"
step compact-full weir lake compact
step count weir query --format csv 'SELECT count(*) FROM vpc_flow_logs'
step check weir lake check
size 100000
step compact weir lake compact
step count-all weir query --format csv 'SELECT count(*) FROM vpc_flow_logs'
step check-all weir lake check
step again weir open "$SECOND"
`)
	expectSteps(t, steps, []struct {
		name string
		code int
		text []string
	}{
		{"first", exitOK, nil},
		{"full", exitFailed, append([]string{"weir: all is taken, but its small files could not be put together: "}, noRoom...)},
		{"compact-full", exitFailed, noRoom},
		{"count", exitOK, []string{fmt.Sprintf("\n%d\n", first+second)}},
		{"check", exitOK, []string{"all as taken"}},
		{"compact", exitOK, []string{"1 hour: 2 files of "}},
		{"count-all", exitOK, []string{fmt.Sprintf("\n%d\n", first+second)}},
		{"check-all", exitOK, []string{"all as taken"}},
		{"again", exitOK, []string{"known from before: nothing to do"}},
	})
}

// TestFullDiskAnywhere fills the disk at many moments of taking, pairing, rolling up
// and compacting: what fails says so, what was committed is whole at any time, and
// with room the lake becomes what it is on a disk that always had some.
func TestFullDiskAnywhere(t *testing.T) {
	t.Setenv("TZ", "UTC")
	const derived = "SELECT * EXCLUDE (weir_object), count(*) AS n FROM vpc_flow_logs GROUP BY ALL ORDER BY ALL"
	one, two := oneHour(t, 1, 30_000), oneHour(t, 2, 30_000)
	steps := onSmallDisk(t, []string{"ONE=" + one, "TWO=" + two, "SQL=" + derived}, `
export WEIR_DATA="$DISK/data"
for room in 100 400 700 1000 1400 2000 3000 5000; do
	for part in "$ONE" "$TWO"; do
		size $(($(used) + room))
		step "open $room $part" weir open -q "$part"
		step "compact $room $part" weir lake compact
		size 100000
		step "check $room $part" weir lake check
	done
done
step last weir open -q "$ONE" "$TWO"
step compacted weir lake compact
step derived weir query --format csv "$SQL"
step top weir top srcaddr --json -n 1000
`)
	failed := 0
	for name, s := range steps {
		work, _, _ := strings.Cut(name, " ")
		switch {
		case s.Code == 0 || strings.Contains(s.Out, "no lake here yet"):
		case work == "check" || !strings.Contains(s.Out, "no space left") && !strings.Contains(s.Out, "disk is full"):
			t.Errorf("%s: exit code %d: %s", name, s.Code, s.Out)
		default:
			failed++
		}
	}
	if failed < 4 {
		t.Errorf("only %d commands met a full disk", failed)
	}
	t.Logf("%d commands met a full disk", failed)
	data := filepath.Join(t.TempDir(), "reference")
	mustCall(t, "--data", data, "open", "-q", one, two)
	for name, args := range map[string][]string{"derived": {"query", "--format", "csv", derived}, "top": {"top", "srcaddr", "--json", "-n", "1000"}} {
		if want := mustCall(t, append([]string{"--data", data}, args...)...); steps[name].Out != want {
			t.Errorf("%s is not that of a disk with room: %d and %d bytes", name, len(steps[name].Out), len(want))
		}
	}
}
