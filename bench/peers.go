package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"weir/internal/query/duckdb"
)

// peer is another program that is asked Q1 to Q5 over the same records.
type peer struct {
	name string // in flags
	// programs must be there, or be installed by packages of apt.
	programs, apt []string
	// pip are packages of Python that must be in the folder's environment.
	pip []string
	// holds is the condition of those of weir's records that the peer has; part says
	// it in the table.
	holds, part string
	// bars say how many times faster weir must be, and barText how the table says it.
	bars    map[string]float64
	barText map[string]string
	// less are the questions that the peer can answer in part only: what it does not
	// tell, and what weir is asked to check the answer.
	less map[string]lesser
	load func(context.Context, *bench) (loaded, error)
}

// lesser is a question that tells less.
type lesser struct {
	without, sql string
}

// loaded is a peer that has the records.
type loaded interface {
	// about returns its name with its version, and how it has the records.
	about() (name, how string)
	// ask asks a question by its name. The rows may come in any order.
	ask(ctx context.Context, name string) ([]string, time.Duration, error)
	close() error
}

// All peers have the records whose log-status is OK: the others have no flow.
const (
	withFlow = "log_status = 'OK'"
	withIPv4 = withFlow + " AND srcaddr NOT LIKE '%:%'"
)

// bars of all questions.
func barOfAll(least float64) map[string]float64 {
	out := map[string]float64{}
	for _, q := range theQuestions {
		out[q.name] = least
	}
	return out
}

// thePeers are those that are asked.
var thePeers = []peer{
	{
		name: "nfdump", programs: []string{"nfdump", "nfcapd"}, apt: []string{"nfdump"},
		holds: withIPv4, part: "IPv4 only", bars: barOfAll(3), load: loadNfdump,
		less: map[string]lesser{
			"Q3": {"minutes", `SELECT srcaddr, count(*) FROM %s WHERE dstport IN (22, 3389) AND protocol = 6 GROUP BY 1`},
			"Q4": {"5 minutes", `SELECT interface_id, sum(bytes) FROM %s GROUP BY 1`},
		},
	},
	{
		name: "gawk", programs: []string{"gawk"}, apt: []string{"gawk"},
		holds: withFlow, part: "text, decompressed before", bars: barOfAll(3), load: loadGawk,
	},
	{
		name: "clickhouse", programs: []string{"clickhouse-server"}, apt: []string{"clickhouse-server"},
		holds: withIPv4, part: "IPv4 only", bars: barOfAll(1), load: loadClickHouse,
		barText: map[string]string{"Q2": "not slower"},
	},
	{
		name: "chdb", pip: []string{"chdb"}, holds: withFlow,
		// Differences of a tenth mean nothing on a shared machine: that is level.
		bars: map[string]float64{"Q1": 0.9, "Q3": 0.9, "Q4": 0.9, "Q5": 0.9}, load: loadChDB,
	},
}

// readerName is the peer that only reads: it has no questions.
const readerName = "flowlogs-reader"

// peerNames returns what -peers takes.
func peerNames() []string {
	var out []string
	for _, p := range thePeers {
		out = append(out, p.name)
	}
	return append(out, readerName)
}

// peerRuns is how often a peer is asked at most: some take ten seconds for an answer,
// and their medians of 3 and of 5 are the same.
const peerRuns = 3

// beside asks the peers, one after the other.
func (b *bench) beside(ctx context.Context) error {
	for _, p := range thePeers {
		if !slices.Contains(b.peers, p.name) {
			b.notRun("Q1 to Q5, lake against "+p.name, "not in -peers")
			continue
		}
		if why := b.missing(ctx, p.programs, p.apt, p.pip); why != "" {
			b.notRun("Q1 to Q5, lake against "+p.name, why)
			continue
		}
		if err := b.against(ctx, p); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return b.reader(ctx)
}

// notRun prints a row of what was not measured.
func (b *bench) notRun(what, why string) { b.note(what, "not run: "+why) }

// against loads a peer, asks it, and ends it.
func (b *bench) against(ctx context.Context, p peer) (err error) {
	l, engine, err := b.openLake(ctx, duckdb.Options{})
	if err != nil {
		return err
	}
	defer l.Close()
	defer engine.Close()
	with, err := p.load(ctx, b)
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		b.notRun("Q1 to Q5, lake against "+p.name, "it could not be given the records: "+first)
		return ctx.Err()
	}
	defer func() { err = errors.Join(err, with.close()) }()
	name, how := with.about()
	b.note(name, how)
	if p.part != "" {
		name += " (" + p.part + ")"
	}
	for _, q := range theQuestions {
		what, check := q.name+", lake against "+name, q.of("(SELECT * FROM "+table+" WHERE "+p.holds+")")
		if less, ok := p.less[q.name]; ok {
			what += ", which tells no " + less.without
			check = fmt.Sprintf(less.sql, "(SELECT * FROM "+table+" WHERE "+p.holds+")")
		}
		want, _, err := sqlAsker(engine, check)(ctx)
		if err != nil {
			return err
		}
		slices.Sort(want)
		theirs := func(ctx context.Context) ([]string, time.Duration, error) { return with.ask(ctx, q.name) }
		runs, err := inTurn(ctx, min(b.runs, peerRuns), sqlAsker(engine, q.of(table)), theirs, func(_, got []string) error {
			slices.Sort(got)
			return sameRows(want, got)
		})
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		b.compared(what, p.bar(q.name), p.bars[q.name], runs)
	}
	return nil
}

// bar says a question's bar.
func (p peer) bar(question string) string {
	least := p.bars[question]
	switch {
	case p.barText[question] != "":
		return p.barText[question]
	case least < 1:
		return fmt.Sprintf("level or faster (at least %g times)", least)
	case least == 1:
		return "faster"
	}
	return fmt.Sprintf("%g times faster", least)
}

// sameRows says where a peer's answer differs from weir's.
func sameRows(want, got []string) error {
	for i := range max(len(want), len(got)) {
		if i >= len(want) || i >= len(got) || want[i] != got[i] {
			at := func(list []string) string {
				if i < len(list) {
					return strings.TrimSpace(list[i])
				}
				return "nothing"
			}
			return fmt.Errorf("the answers differ: %d rows of the lake, %d of the peer; the first that differs is %q and %q", len(want), len(got), at(want), at(got))
		}
	}
	return nil
}

// python is the interpreter of the folder's environment.
func (b *bench) python() string { return filepath.Join(b.dir, "venv", "bin", "python") }

// missing installs what a peer needs, if it may, and says why the peer can't be run;
// "" if it can.
func (b *bench) missing(ctx context.Context, programs, apt, pip []string) string {
	lacks := func() string {
		for _, name := range programs {
			if program(name) == "" {
				return name + " is not installed"
			}
		}
		for _, name := range pip {
			module := strings.ReplaceAll(name, "-", "_")
			if exec.CommandContext(ctx, b.python(), "-c", "import "+module).Run() != nil {
				return name + " is not installed"
			}
		}
		return ""
	}
	why := lacks()
	switch {
	case why == "":
		return ""
	case !b.install:
		return why + " (-install)"
	}
	if err := b.installed(ctx, apt, pip); err != nil {
		text, _, _ := strings.Cut(strings.TrimSpace(err.Error()), "\n")
		return why + " and could not be: " + text
	}
	return lacks()
}

// installed installs packages.
func (b *bench) installed(ctx context.Context, apt, pip []string) error {
	var steps [][]string
	if len(apt) > 0 {
		if os.Geteuid() != 0 {
			return errors.New("apt needs root")
		}
		steps = append(steps, []string{"apt-get", "update", "-qq"}, append([]string{"apt-get", "install", "-y", "-qq", "--no-install-recommends"}, apt...))
	}
	if len(pip) > 0 {
		if _, err := os.Stat(b.python()); err != nil {
			steps = append(steps, []string{"python3", "-m", "venv", filepath.Join(b.dir, "venv")})
		}
		steps = append(steps, append([]string{b.python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"}, pip...))
	}
	for _, step := range steps {
		cmd := exec.CommandContext(ctx, step[0], step[1:]...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", strings.Join(step[:2], " "), err, out)
		}
	}
	return nil
}

// program returns the path of a program, "" where it is not installed. Servers lie
// where only root's PATH looks.
func program(name string) string {
	path, err := exec.LookPath(name)
	if err != nil {
		path = filepath.Join("/usr/sbin", name)
		if _, err := os.Stat(path); err != nil {
			return ""
		}
	}
	return path
}
