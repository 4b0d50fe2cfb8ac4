package labtest

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Options are what [Up] is told. The zero value is the default lab.
type Options struct {
	// Program is weir's; "": the one in PATH.
	Program string
	// Definition is the file of a lab of your own; "": the default one.
	Definition string
	// Interval is after how long windows are over: 5s, 10s, 15s, 20s, 30s or 60s; "": 5s, which AWS does not have.
	Interval string
}

// A Lab is one that is up.
type Lab struct {
	// Dir is its folder, Data that of its server, and Records that with its flow logs.
	Dir     string `json:"dir"`
	Data    string `json:"data"`
	Records string `json:"records"`
	// Endpoints are URLs by service: console, cloudwatch, logs, athena, sns, ec2, sts, receiver, and s3 where the lab has it.
	Endpoints   map[string]string `json:"endpoints"`
	Credentials Credentials       `json:"credentials"`
	Hosts       []Host            `json:"hosts"`

	program  string
	interval time.Duration
}

// Credentials are for AWS's clients.
type Credentials struct {
	AccessKeyID     string `json:"aws_access_key_id"`
	SecretAccessKey string `json:"aws_secret_access_key"`
	Region          string `json:"aws_region"`
}

// A Host is one of the lab, or an end in its internet, which has no network interface.
type Host struct {
	Name string `json:"name"`
	// ENI is the id of its network interface. Address is the private one, Public what the internet knows it by; "": nothing.
	ENI     string `json:"eni"`
	Address string `json:"address"`
	Public  string `json:"public"`
}

// required says that a lab that can't be built fails its test; else that is skipped.
const required = "WEIR_LAB_REQUIRED"

// Up builds a lab that is taken away when the test ends. Where labs can't be built (no Linux, root, weir, or one of the tools that weir lab doctor names) the test is skipped with a message, or fails if the
// environment has WEIR_LAB_REQUIRED=1, as a CI that must not pass without it does.
func Up(t testing.TB, o Options) *Lab {
	t.Helper()
	if o.Program == "" {
		o.Program = "weir"
	}
	if o.Interval == "" {
		o.Interval = "5s"
	}
	interval, err := time.ParseDuration(o.Interval)
	if err != nil {
		t.Fatalf("interval: %v", err)
	}
	if why := lacks(o.Program); why != "" {
		if os.Getenv(required) == "1" {
			t.Fatalf("no lab can be built: %s", why)
		}
		t.Skipf("not run: no lab can be built: %s", why)
	}
	l := &Lab{Dir: filepath.Join(t.TempDir(), "lab"), program: o.Program, interval: interval}
	t.Cleanup(func() {
		if out, err := l.command(context.Background(), "lab", "down").CombinedOutput(); err != nil {
			t.Errorf("weir lab down: %v: %s", err, out)
		}
	})
	args := []string{"lab", "up", "--wait", "--json", "-q", "--interval", o.Interval, "--listen", freeAddress(t)}
	if o.Definition != "" {
		args = append(args, "--definition", o.Definition)
	}
	if err := json.Unmarshal([]byte(l.must(t, args...)), l); err != nil {
		t.Fatalf("weir lab up: %v", err)
	}
	return l
}

// lacks says what a lab can't be built without.
func lacks(program string) string {
	if runtime.GOOS != "linux" {
		return "it takes Linux"
	}
	if os.Geteuid() != 0 {
		return "it takes root"
	}
	for _, name := range []string{program, "ip", "nft", "unshare", "setpriv", "mount"} {
		if _, err := exec.LookPath(name); err != nil {
			return err.Error()
		}
	}
	return ""
}

// freeAddress is one of loopback at which nobody listened when it was asked for.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// command is weir with arguments, of which the first is "lab" or a command that takes --data.
func (l *Lab) command(ctx context.Context, args ...string) *exec.Cmd {
	if args[0] == "lab" {
		args = append([]string{"lab", "--dir", l.Dir}, args[1:]...)
	}
	return exec.CommandContext(ctx, l.program, args...)
}

// must runs weir and returns what it prints.
func (l *Lab) must(t testing.TB, args ...string) string {
	t.Helper()
	cmd := l.command(t.Context(), args...)
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("weir %s: %v: %s", strings.Join(args, " "), err, log.String())
	}
	return string(out)
}

// A Result is what became of a scenario.
type Result struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	// Why says what is not as expected, and NotRun what the machine lacks, so that it was not run; "": it was.
	Why    string `json:"why"`
	NotRun string `json:"not_run"`
	// Became is what became of each step as who sent it saw it, and Rows what was answered to the question.
	Became []string   `json:"became"`
	Rows   [][]string `json:"rows"`
}

// exitFindings is weir's exit code where something is not as expected.
const exitFindings = 4

// Run runs scenarios, all of the default lab where none is named. A name that ends in .yaml is the file of one of your own. One that is not as expected fails the test. One that can't be run on this machine is logged, and fails the test where the environment
// has WEIR_LAB_REQUIRED=1.
func (l *Lab) Run(t testing.TB, scenarios ...string) []Result {
	t.Helper()
	if len(scenarios) == 0 {
		scenarios = []string{"--all"}
	}
	cmd := l.command(t.Context(), append([]string{"lab", "run", "--json"}, scenarios...)...)
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.Output()
	if ended, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || ended.ExitCode() != exitFindings) {
		t.Fatalf("weir lab run: %v: %s", err, log.String())
	}
	var all []Result
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatalf("weir lab run: %v", err)
	}
	for _, r := range all {
		switch {
		case r.OK:
		case r.NotRun == "":
			t.Errorf("scenario %s: %s: %v", r.Name, r.Why, r.Rows)
		case os.Getenv(required) == "1":
			t.Errorf("scenario %s was not run: %s", r.Name, r.NotRun)
		default:
			t.Logf("scenario %s was not run: %s", r.Name, r.NotRun)
		}
	}
	return all
}

// Exec runs a command as a host of the lab, and returns what it prints on both streams, and its exit code.
func (l *Lab) Exec(t testing.TB, host string, command ...string) (output string, code int) {
	t.Helper()
	out, err := l.command(t.Context(), append([]string{"lab", "shell", host, "--"}, command...)...).CombinedOutput()
	if ended, ok := errors.AsType[*exec.ExitError](err); ok {
		return string(out), ended.ExitCode()
	}
	if err != nil {
		t.Fatalf("%s: %v", host, err)
	}
	return string(out), 0
}

// Query asks the lab's records by SQL, as weir query does, and returns the rows, each value as text, "" for NULL.
func (l *Lab) Query(t testing.TB, sql string) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(l.must(t, "query", "--data", l.Data, "--format", "csv", sql))).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatalf("weir query: %d rows: %v", len(rows), err)
	}
	return rows[1:]
}

// late is how long after its window a record may come.
const late = 30 * time.Second

// QueryUntil asks until what is answered is enough, and returns it: records are there when their window is over. The test fails where it is not enough some windows later.
func (l *Lab) QueryUntil(t testing.TB, sql string, enough func(rows [][]string) bool) [][]string {
	t.Helper()
	end := time.After(l.interval + late)
	next := time.NewTicker(200 * time.Millisecond)
	defer next.Stop()
	for {
		rows := l.Query(t, sql)
		if enough(rows) {
			return rows
		}
		select {
		case <-end:
			t.Fatalf("%s: %v", sql, rows)
		case <-next.C:
		}
	}
}

// Host returns the host of a name. The test fails where there is none.
func (l *Lab) Host(t testing.TB, name string) Host {
	t.Helper()
	for _, h := range l.Hosts {
		if h.Name == name {
			return h
		}
	}
	t.Fatalf("the lab has no host %s", name)
	return Host{}
}
