package command

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
)

// asProgram has this test's binary be weir-agent.
const asProgram = "WEIR_TEST_AS_AGENT"

// The tests' namespaces are threads, and the first thread's is the process's to others: that one stays with the goroutine that calls the tests.
func init() {
	if os.Getenv(asProgram) != "1" {
		runtime.LockOSThread()
	}
}

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) == "1" {
		Main()
	}
	os.Exit(m.Run())
}

const definition = `account: "123456789012"
region: us-east-1
vpcs:
  vpc-1: {cidrs: [10.0.0.0/16]}
subnets:
  subnet-1: {vpc: vpc-1, az: us-east-1a, cidrs: [10.0.1.0/24]}
network-interfaces:
  eni-web: {subnet: subnet-1, addresses: [10.0.1.10], groups: [sg-web]}
security-groups:
  sg-web:
    vpc: vpc-1
    ingress:
      - {tcp: 80, from: 203.0.113.0/24}
      - {udp: 53, from: 203.0.113.0/24}
      - {icmp: all, from: 203.0.113.0/24}
    egress:
      - {udp: 53, to: 203.0.113.0/24}
network-acls:
  acl-1:
    vpc: vpc-1
    default: true
    ingress:
      - {number: 100, action: allow, protocol: all, from: 0.0.0.0/0}
    egress:
      - {number: 100, action: allow, protocol: all, to: 0.0.0.0/0}
`

// config is of an agent at the host's side of the pair.
func configOf(mode string) string {
	return `network: net.yaml
listen: 127.0.0.1:8788
state: state
pin: none
interfaces:
  - {device: eni-*, eni: eni-web, flipped: true, mode: ` + mode + `}
flow-logs:
  fl-0a:
    resource: vpc-1
    traffic: ALL
    interval: 60
    destination: logs
    format: ${interface-id} ${flow-direction} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${tcp-flags} ${action} ${log-status} ${weir-would-action} ${weir-reject-stage} ${weir-reject-rule} ${weir-allow-rules}
  fl-0b:
    resource: subnet-1
    traffic: REJECT
    destination: logs
    file-format: parquet
    hive-partitions: true
    hourly-partitions: true
`
}

// program is a weir-agent that runs.
type program struct {
	cmd   *exec.Cmd
	lines chan string // of its log
	log   []string    // those that were read
}

// run returns a weir-agent that was not started.
func run(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// start starts weir-agent in a namespace and a folder with a definition and a config, and waits until it counts.
func start(t *testing.T, at *namespace, dir, conf string) *program {
	t.Helper()
	return startAs(t, at, dir, conf, run("run", "--verbose", "--config", filepath.Join(dir, "agent.yaml")))
}

// startAs does so by a command.
func startAs(t *testing.T, at *namespace, dir, conf string, cmd *exec.Cmd) *program {
	t.Helper()
	write(t, dir, "net.yaml", definition)
	write(t, dir, "agent.yaml", conf)
	p := launchAs(t, at, dir, cmd)
	if !p.wait("msg=counting ") {
		t.Fatalf("it ended: %s", strings.Join(p.log, "\n"))
	}
	return p
}

// launch starts weir-agent in a namespace and a folder with a config.
func launch(t *testing.T, at *namespace, dir string) *program {
	t.Helper()
	return launchAs(t, at, dir, run("run", "--verbose", "--config", filepath.Join(dir, "agent.yaml")))
}

// launchAs does so by a command.
func launchAs(t *testing.T, at *namespace, dir string, cmd *exec.Cmd) *program {
	t.Helper()
	cmd.Env = append(cmd.Env, "RUNTIME_DIRECTORY="+dir, "STATE_DIRECTORY="+dir) // the default ones are the host's
	p := &program{cmd: cmd, lines: make(chan string, 1000)}
	out, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	at.in(func() { err = p.cmd.Start() })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.cmd.ProcessState == nil {
			p.cmd.Process.Kill()
			p.cmd.Wait()
		}
	})
	go func() {
		defer close(p.lines)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			p.lines <- lines.Text()
		}
	}()
	return p
}

// kill ends it by SIGKILL.
func (p *program) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.wait("no line has this")
	p.cmd.Wait() // the error is that it was killed
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// wait reads the log until a line has a text, and reports false where it ended before.
func (p *program) wait(text string) bool {
	for line := range p.lines {
		p.log = append(p.log, line)
		if strings.Contains(line, text) {
			return true
		}
	}
	return false
}

// end ends it by SIGTERM, and returns what it logged.
func (p *program) end(t *testing.T) string {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.wait("no line has this")
	log := strings.Join(p.log, "\n")
	if err := p.cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, log)
	}
	return log
}

// records reads the objects below a folder, by key: the fields of each record, by name, by the key's pattern that it matches.
func records(t *testing.T, dir, pattern string) []map[string]string {
	t.Helper()
	key := regexp.MustCompile("^" + pattern + "$")
	var out []map[string]string
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !key.MatchString(name) {
			return err
		}
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		defer f.Close()
		decoder, err := flowlog.NewDecoder(f, flowlog.Options{})
		for err == nil {
			var b *flowlog.Batch
			if b, err = decoder.Next(); err != nil {
				break
			}
			for r := range b.Records() {
				out = append(out, fieldsOf(r, b.Kind()))
			}
		}
		if s := decoder.Stats(); s.Bad > 0 || s.UnknownFields != nil {
			return fmt.Errorf("%s: %+v", name, s)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return out
}

// fieldsOf returns what a record has, as text.
func fieldsOf(r flowlog.Record, kind flowlog.Kind) map[string]string {
	out := map[string]string{}
	for _, f := range flowlog.Fields(kind) {
		if f.Numeric() {
			if v, ok := r.Int(f.ID); ok {
				out[f.Name] = fmt.Sprint(v)
			}
		} else if v, ok := r.Text(f.ID); ok {
			out[f.Name] = v
		}
	}
	return out
}

// sum adds up packets and bytes of the records that have some values.
func sum(t *testing.T, all []map[string]string, where ...string) count {
	t.Helper()
	var c count
	for _, r := range all {
		if !slices.ContainsFunc(where, func(w string) bool { name, v, _ := strings.Cut(w, "="); return r[name] != v }) {
			var one count
			if _, err := fmt.Sscan(r["packets"]+" "+r["bytes"], &one.Packets, &one.Bytes); err != nil {
				t.Fatalf("%v: %v", r, err)
			}
			c.Packets += one.Packets
			c.Bytes += one.Bytes
		}
	}
	return c
}

// The keys of the objects of the two flow logs.
const (
	keysOfAll    = `AWSLogs/123456789012/vpcflowlogs/us-east-1/\d{4}/\d\d/\d\d/123456789012_vpcflowlogs_us-east-1_fl-0a_\d{8}T\d\d[0-5][05]Z_[0-9a-f]{8}\.log\.gz`
	keysOfReject = `AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/year=\d{4}/month=\d\d/day=\d\d/hour=\d\d/123456789012_vpcflowlogs_us-east-1_fl-0b_\d{8}T\d\d[0-5][05]Z_[0-9a-f]{8}\.log\.parquet`
)

// TestAgent has an agent at the host's side of a pair of devices: what its records have is what the instance's device has counted, packet by packet and byte by byte.
// Shadow lets all pass, and says what it would refuse; enforce refuses it; count asks no rules.
func TestAgent(t *testing.T) {
	for _, mode := range []string{"shadow", "enforce", "count"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			host, instance := wire(t)
			dir := t.TempDir()
			p := start(t, host, dir, configOf(mode))
			enforced, patience := mode == "enforce", 5*time.Second
			if enforced {
				patience = 300 * time.Millisecond // as nothing comes
			}
			answered := talk(t, host, instance, patience)
			log := p.end(t)
			if answered != [2]bool{!enforced, !enforced} {
				t.Errorf("what is refused was answered: %v", answered)
			}
			all, rejects := records(t, filepath.Join(dir, "logs"), keysOfAll), records(t, filepath.Join(dir, "logs"), keysOfReject)
			if len(all) == 0 {
				t.Fatalf("no records: %s", log)
			}
			compare(t, mode, instance, all)
			if diff := cmp.Diff(sum(t, all, "action=REJECT"), sum(t, rejects)); diff != "" {
				t.Errorf("the flow log of REJECT (-ALL +REJECT): %s", diff)
			}
			for _, r := range rejects {
				if r["version"] != "2" || r["account-id"] != "123456789012" || r["weir-reject-rule"] != "" {
					t.Errorf("no record of the default format: %v", r)
				}
			}
			if t.Failed() {
				t.Log(log)
			}
		})
	}
}

// compare compares records with what was sent, and with the counters of the instance's device.
func compare(t *testing.T, mode string, instance *namespace, all []map[string]string) {
	t.Helper()
	received, sent := instance.counters(t, "eni0")
	in, out := "flow-direction=ingress", "flow-direction=egress"
	passed, tried := sum(t, all, in, "action=ACCEPT"), sum(t, all, out)
	if passed != received || tried != sent {
		t.Errorf("records have %v in and %v out, the device %v and %v", passed, tried, received, sent)
	}
	for what, want := range map[[2]string]count{
		{in, "dstport=53"}:   {10, 10 * 128},
		{in, "dstport=5353"}: {1, 128},
		{in, "protocol=1"}:   {3, 3 * 84},
		{in, "dstport=22"}:   {},
	} {
		if got := sum(t, all, what[:]...); got != want {
			t.Errorf("%v: %v, want %v", what, got, want)
		}
	}
	verdicts := map[string][3]string{ // of action, weir-would-action and weir-reject-rule
		"shadow":  {"ACCEPT", "REJECT", "sg-web:ingress:implicit-deny"},
		"enforce": {"REJECT", "", "sg-web:ingress:implicit-deny"},
		"count":   {"ACCEPT", "", ""},
	}
	want := verdicts[mode]
	for _, r := range all {
		if r["interface-id"] != "eni-web" || r["log-status"] != "OK" || r["start"] > r["end"] {
			t.Errorf("%v", r)
		}
		if r["flow-direction"] == "ingress" && (r["dstport"] == "23" || r["dstport"] == "5353") {
			if got := [3]string{r["action"], r["weir-would-action"], r["weir-reject-rule"]}; got != want {
				t.Errorf("%v: %q, want %q", r, got, want)
			}
		} else if r["flow-direction"] == "egress" && r["dstport"] == "25" && mode != "count" {
			if r["weir-reject-rule"] != "sg-web:egress:implicit-deny" || r["weir-reject-stage"] != "sg" || r["action"] != want[0] {
				t.Errorf("%v", r)
			}
		} else if r["dstport"] == "80" && (r["action"] != "ACCEPT" || mode == "shadow" && r["weir-would-action"] != "ACCEPT" || mode != "count" && !strings.Contains(r["weir-allow-rules"], "tcp:80")) {
			t.Errorf("%v", r)
		}
	}
	if mode == "shadow" && sum(t, all, "action=REJECT") != (count{}) {
		t.Error("a record says REJECT of what passed")
	}
}
