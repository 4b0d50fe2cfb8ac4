package command

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"weir/flowlog"
	"weir/internal/agent"
	"weir/internal/agent/destination/servicetest"
)

// bucketLogs is how many flow logs deliver: each makes an object of each window, and of each time that the agent ends.
const bucketLogs = 12

// bucketConfig is of an agent whose flow logs go to a bucket each.
func bucketConfig(pin, url string) string {
	var out strings.Builder
	fmt.Fprintf(&out, `network: net.yaml
listen: 127.0.0.1:8788
state: state
pin: %s
interfaces:
  - {device: eni-*, eni: eni-web, flipped: true, mode: shadow}
flow-logs:
`, pin)
	for i := range bucketLogs {
		fmt.Fprintf(&out, "  fl-%02x: {resource: vpc-1, traffic: ALL, interval: 60, destination: {s3: s3://bucket-%02x/logs/, endpoint: '%s'}, file-format: %s, format: '${interface-id} ${flow-direction} ${dstport} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}'}\n",
			i, i, url, []string{"plain-text", "plain-text", "parquet"}[i%3])
	}
	return out.String()
}

// delivery is an agent that delivers to a service in any weather while packets pass, and is killed.
type delivery struct {
	host, instance *namespace
	dir            string
	p              *program
	r              *rand.Rand
	kills          int
}

func newDelivery(t *testing.T) *delivery {
	t.Helper()
	t.Parallel() // its tests wait for moments, most of the time
	d := &delivery{dir: t.TempDir(), r: rand.New(rand.NewPCG(9, 1))}
	d.host, d.instance = wire(t)
	return d
}

// listenIn listens in the host's namespace.
func (d *delivery) listenIn(address string) (l net.Listener, err error) {
	d.host.in(func() { l, err = net.Listen("tcp4", address) })
	return l, err
}

// command is the agent's, with credentials.
func (d *delivery) command() *exec.Cmd {
	cmd := run("run", "--verbose", "--config", filepath.Join(d.dir, "agent.yaml"))
	cmd.Env = append(cmd.Env, "AWS_ACCESS_KEY_ID=weir-test", "AWS_SECRET_ACCESS_KEY=weir-test-secret", "AWS_EC2_METADATA_DISABLED=true")
	return cmd
}

// start starts the first agent, that delivers to a service.
func (d *delivery) start(t *testing.T, url string) {
	t.Helper()
	d.p = startAs(t, d.host, d.dir, bucketConfig(bpffs(t, d.host), url), d.command())
}

// launch starts another agent, and waits until it counts.
func (d *delivery) launch(t *testing.T) {
	t.Helper()
	d.p = launchAs(t, d.host, d.dir, d.command())
	if !d.p.wait("msg=counting ") {
		t.Fatalf("it ended: %s", strings.Join(d.p.log, "\n"))
	}
}

// kill kills the agent at a random moment: while it runs, or while it delivers for the last time, and starts another.
func (d *delivery) kill(t *testing.T) {
	t.Helper()
	if d.r.IntN(3) > 0 {
		if err := d.p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Duration(50+d.r.IntN(400)) * time.Millisecond) // a random moment
	}
	if err := d.p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	d.p.wait("no line has this")
	_ = d.p.cmd.Wait() // it was killed, or was quicker
	d.kills++
	d.launch(t)
}

// status asks the agent.
func (d *delivery) status(t *testing.T) (s agent.Status) {
	t.Helper()
	_, body, _ := strings.Cut(get(t, d.host, "/status"), "\r\n\r\n")
	if err := json.Unmarshal([]byte(body), &s); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return s
}

// until asks for the status until all flow logs have one, or a minute and a half is over: then what was tried last is tried again.
func (d *delivery) until(t *testing.T, what string, is func(*agent.FlowLogStatus) bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	var s agent.Status
	for end := time.Now().Add(90 * time.Second); time.Now().Before(end); <-tick.C {
		s = d.status(t)
		all := true
		for i := range s.FlowLogs {
			all = all && is(&s.FlowLogs[i])
		}
		if all {
			return
		}
	}
	t.Fatalf("no %s: %+v\n%s", what, s, strings.Join(d.p.log, "\n"))
}

// failed has the status say FAILED of all flow logs, with a text.
func (d *delivery) failed(t *testing.T, text string) {
	t.Helper()
	d.until(t, "FAILED", func(l *agent.FlowLogStatus) bool { return l.Delivery == "FAILED" && strings.Contains(l.Error, text) })
}

// delivered has it say SUCCESS, with nothing that waits.
func (d *delivery) delivered(t *testing.T) {
	t.Helper()
	d.until(t, "SUCCESS", func(l *agent.FlowLogStatus) bool { return l.Delivery == "SUCCESS" && l.Waiting == 0 })
}

// compare compares the packets and bytes of each flow log's objects with what the instance's device has counted, and has no two objects of a bucket be the same.
func (d *delivery) compare(t *testing.T, objects map[string][]byte) {
	t.Helper()
	received, sent := d.instance.counters(t, "eni0")
	by := map[string][]map[string]string{}
	sums := map[string]string{}
	for path, data := range objects {
		bucket, _, _ := strings.Cut(path, "/")
		sum := sha256.Sum256(data)
		key := bucket + string(sum[:])
		if sums[key] != "" {
			t.Errorf("%s and %s are the same", path, sums[key])
		}
		sums[key] = path
		by[bucket] = append(by[bucket], recordsIn(t, path, data)...)
	}
	if len(by) != bucketLogs {
		t.Errorf("%d flow logs have objects", len(by))
	}
	for bucket, all := range by {
		in, out := sum(t, ok(t, all), "flow-direction=ingress"), sum(t, ok(t, all), "flow-direction=egress")
		if in != received || out != sent {
			t.Errorf("%s has %v in and %v out, the device %v and %v", bucket, in, out, received, sent)
		}
	}
	t.Logf("killed %d times: %v in and %v out in each of %d flow logs, %d objects", d.kills, received, sent, len(by), len(objects))
}

// ok returns the records that have packets, and fails on SKIPDATA.
func ok(t *testing.T, all []map[string]string) (out []map[string]string) {
	t.Helper()
	for _, r := range all {
		switch r["log-status"] {
		case "OK":
			out = append(out, r)
		case "NODATA":
		default:
			t.Errorf("%v", r)
		}
	}
	return out
}

// recordsIn reads an object.
func recordsIn(t *testing.T, path string, data []byte) (out []map[string]string) {
	t.Helper()
	decoder, err := flowlog.NewDecoder(bytes.NewReader(data), flowlog.Options{})
	for err == nil {
		var b *flowlog.Batch
		if b, err = decoder.Next(); err == nil {
			for r := range b.Records() {
				out = append(out, fieldsOf(r, flowlog.KindVPC))
			}
		}
	}
	if !errors.Is(err, io.EOF) {
		t.Errorf("%s: %v", path, err)
	}
	return out
}

// TestDelivery has an agent whose bucket is down, hangs, is slow, full, failing and cut, one after the other, and that is killed all the while: all packets that the device
// has counted are in the records of each flow log, no object was written twice and none is there twice, and the status says what does not work. WEIR_DELIVERY is for how
// many minutes the bucket is down; each other weather is a fifteenth of it then.
func TestDelivery(t *testing.T) {
	down := 2 * time.Second
	others := 1500 * time.Millisecond
	if v := os.Getenv("WEIR_DELIVERY"); v != "" {
		minutes, err := strconv.Atoi(v)
		if err != nil {
			t.Fatal(err)
		}
		down = time.Duration(minutes) * time.Minute
		others = down / 15
	}
	d := newDelivery(t)
	bucket := servicetest.NewS3(t, 9, d.listenIn)
	d.start(t, bucket.URL())
	listen(t, d.instance, "10.0.1.10:53")
	packets := sendTo(t, d.host, "10.0.1.10:53")
	d.kill(t)
	for _, phase := range []struct {
		weather servicetest.Weather
		long    time.Duration
		says    string
	}{
		{servicetest.Down, down, "connection refused"},
		{servicetest.Hanging, others, ""},
		{servicetest.Slow, others, ""},
		{servicetest.Full, others, "XMinioStorageFull"},
		{servicetest.Failing, others, ""},
		{servicetest.Cut, others, ""},
		{servicetest.Storm, others, ""},
	} {
		bucket.Set(t, phase.weather)
		began := time.Now()
		for end := began.Add(phase.long); time.Now().Before(end); {
			select {
			case <-time.After(min(time.Duration(d.r.Int64N(int64(phase.long/3+time.Millisecond))), 20*time.Second)): // a random moment
			case <-t.Context().Done():
			}
			d.kill(t)
		}
		if phase.says != "" {
			d.failed(t, phase.says)
		}
		waiting := int64(0)
		for _, l := range d.status(t).FlowLogs {
			waiting += l.Waiting
		}
		t.Logf("%s for %s: %d objects are there, %d records wait", phase.weather, time.Since(began).Round(time.Second), len(bucket.Objects()), waiting)
	}
	bucket.Set(t, servicetest.Fair)
	began := time.Now()
	d.delivered(t)
	t.Logf("%s until all was delivered", time.Since(began).Round(time.Second/10))
	packets.end()
	d.p.end(t)
	for path, n := range bucket.Writes() {
		if n != 1 {
			t.Errorf("%s was written %d times", path, n)
		}
	}
	d.compare(t, bucket.Objects())
}
