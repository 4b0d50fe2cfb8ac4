package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	"weir/flowlog"
)

// meter is a program that counts what passes the host's device, in a folder of its own. The zero value is none.
type meter struct {
	name  string
	begin func(ctx context.Context, m *running) error
	// counted stops it, and returns how many packets it says that the instance has sent, and what it says that it lost.
	counted func(ctx context.Context, m *running) (packets int64, lost string, err error)
}

// running is a meter that runs.
type running struct {
	host  *namespace
	dir   string
	agent string
	cmd   *exec.Cmd
	log   *os.File
	// replies is how many frames the host has sent.
	replies int64
}

// start starts a program in the host's namespace, whose output goes into a file.
func (r *running) start(cmd *exec.Cmd) error {
	var err error
	if r.log, err = os.Create(filepath.Join(r.dir, "log")); err != nil {
		return err
	}
	if cmd.Stdout == nil {
		cmd.Stdout = r.log
	}
	if cmd.Stderr == nil {
		cmd.Stderr = r.log
	}
	cmd.Dir, r.cmd = r.dir, cmd
	return r.host.in(cmd.Start)
}

// stop ends it by a signal, and waits.
func (r *running) stop(s os.Signal) error {
	if err := r.cmd.Process.Signal(s); err != nil {
		return err
	}
	err := r.cmd.Wait()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == s {
		err = nil
	}
	if err != nil {
		text, _ := os.ReadFile(r.log.Name())
		err = fmt.Errorf("%w: %s", err, text)
	}
	return errors.Join(err, r.log.Close())
}

// listens waits until a program has a packet socket.
func (r *running) listens(ctx context.Context) error {
	return until(ctx, func() (bool, error) {
		var text []byte
		err := r.host.in(func() (err error) {
			text, err = os.ReadFile("/proc/thread-self/net/packet")
			return err
		})
		return strings.Count(string(text), "\n") > 1, err
	})
}

const definition = `account: "123456789012"
region: us-east-1
vpcs: {vpc-1: {cidrs: [10.0.0.0/16]}}
subnets: {subnet-1: {vpc: vpc-1, az: us-east-1a, cidrs: [10.0.1.0/24]}}
network-interfaces: {eni-1: {subnet: subnet-1, addresses: [10.0.1.10], groups: [sg-1]}}
security-groups:
  sg-1:
    vpc: vpc-1
    ingress: []
    egress:
%s      - {tcp: 5201, to: 203.0.113.0/24}
      - {udp: 5202, to: 203.0.113.0/24}
network-acls:
  acl-1:
    vpc: vpc-1
    default: true
    ingress:
      - {number: 100, action: allow, protocol: all, from: 0.0.0.0/0}
    egress:
%s      - {number: 100, action: allow, protocol: all, to: 0.0.0.0/0}
`

// weirAgent is weir-agent that enforces 15 entries and 7 rules, and writes flow logs.
func weirAgent() meter {
	return meter{"weir-agent", func(ctx context.Context, r *running) error {
		var rules, entries strings.Builder
		for n := range 5 {
			fmt.Fprintf(&rules, "      - {tcp: 22, to: 198.51.100.%d/32}\n", n)
		}
		for n := range 14 {
			fmt.Fprintf(&entries, "      - {number: %d, action: deny, tcp: 23, to: 198.51.100.%d/32}\n", n+1, n)
		}
		files := map[string]string{
			"network.yaml": fmt.Sprintf(definition, &rules, &entries),
			"agent.yaml": `network: network.yaml
pin: none
state: state
interfaces:
  - {device: ` + hostDevice + `, eni: eni-1, flipped: true, mode: enforce}
flow-logs:
  fl-0a:
    resource: vpc-1
    traffic: ALL
    interval: 60
    destination: logs
    format: ${srcaddr} ${packets} ${log-status} ${action}
`,
		}
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o600); err != nil {
				return err
			}
		}
		cmd := exec.CommandContext(ctx, r.agent, "run", "--config", "agent.yaml")
		out, in, err := os.Pipe()
		if err != nil {
			return err
		}
		cmd.Stderr = in
		err = r.start(cmd)
		if err = errors.Join(err, in.Close()); err != nil {
			return err
		}
		lines := bufio.NewScanner(out)
		var said []string
		for lines.Scan() {
			said = append(said, lines.Text())
			if strings.Contains(lines.Text(), "msg=counting ") {
				go func() {
					_, _ = io.Copy(r.log, out)
					_ = out.Close()
				}()
				return nil
			}
		}
		return fmt.Errorf("it does not count: %s", strings.Join(said, "\n"))
	}, func(_ context.Context, r *running) (int64, string, error) {
		if err := r.stop(syscall.SIGTERM); err != nil {
			return 0, "", err
		}
		packets, skipped, err := recorded(filepath.Join(r.dir, "logs"))
		if skipped > 0 {
			return packets, fmt.Sprintf("%d windows SKIPDATA", skipped), err
		}
		return packets, "", err
	}}
}

// recorded adds up what records say that the instance has sent, and counts those that say that something is missing.
func recorded(dir string) (packets int64, skipped int, err error) {
	err = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		decoder, err := flowlog.NewDecoder(f, flowlog.Options{})
		for err == nil {
			var batch *flowlog.Batch
			if batch, err = decoder.Next(); err != nil {
				break
			}
			for r := range batch.Records() {
				words := strings.Fields(string(flowlog.AppendText(nil, r, decoder.Stats().Formats[0])))
				switch {
				case words[2] == "SKIPDATA":
					skipped++
				case words[0] == instanceAddress:
					n, err := strconv.ParseInt(words[1], 10, 64)
					if err != nil {
						return err
					}
					packets += n
				}
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	})
	return packets, skipped, err
}

// softflowd is softflowd as it comes. It is asked what it has counted.
func softflowd() meter {
	return meter{"softflowd", func(ctx context.Context, r *running) error {
		err := r.start(exec.CommandContext(ctx, "softflowd", "-d", "-i", hostDevice, "-c", filepath.Join(r.dir, "control"), "-p", filepath.Join(r.dir, "pid")))
		if err != nil {
			return err
		}
		return r.listens(ctx)
	}, func(ctx context.Context, r *running) (int64, string, error) {
		text, err := exec.CommandContext(ctx, "softflowctl", "-c", filepath.Join(r.dir, "control"), "statistics").CombinedOutput()
		if err != nil {
			return 0, "", fmt.Errorf("softflowctl: %w: %s", err, text)
		}
		n, err := find(string(text), `Packets processed: (\d+)`)
		if err != nil {
			return 0, "", err
		}
		lost := ""
		if m := regexp.MustCompile(`Packets dropped by libpcap: (\d+)`).FindSubmatch(text); m != nil && string(m[1]) != "0" {
			lost = "libpcap dropped " + string(m[1])
		}
		return int64(n[0]) - r.replies, lost, r.stop(syscall.SIGTERM)
	}}
}

// pmacctd is pmacctd with its print plugin, which counts by source.
func pmacctd() meter {
	return meter{"pmacctd", func(ctx context.Context, r *running) error {
		text := "daemonize: false\npcap_interface: " + hostDevice + "\nplugins: print\naggregate: src_host\nprint_output: csv\nprint_refresh_time: 3600\nprint_output_file: " + filepath.Join(r.dir, "out.csv") + "\n"
		if err := os.WriteFile(filepath.Join(r.dir, "pmacctd.conf"), []byte(text), 0o600); err != nil {
			return err
		}
		if err := r.start(exec.CommandContext(ctx, "pmacctd", "-f", "pmacctd.conf")); err != nil {
			return err
		}
		return r.listens(ctx)
	}, func(_ context.Context, r *running) (int64, string, error) {
		// Where its plugin has ended before it, pmacctd says 1; what counts is that the plugin has written.
		stopped := r.stop(syscall.SIGINT)
		text, err := os.ReadFile(filepath.Join(r.dir, "out.csv"))
		if err != nil {
			return 0, "", errors.Join(stopped, err)
		}
		n, err := find(string(text), `(?m)^`+regexp.QuoteMeta(instanceAddress)+`,(\d+),`)
		if err != nil {
			return 0, "", err
		}
		return int64(n[0]), "", nil
	}}
}
