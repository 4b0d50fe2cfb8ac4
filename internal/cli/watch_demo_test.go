package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"weir/internal/app"
	"weir/internal/notify"
)

// demoNetwork is a bastion that the world may reach, or an office alone.
const demoNetwork = `account: "111122223333"
region: eu-west-1
vpcs:
  vpc-1: {cidrs: [10.0.0.0/16]}
subnets:
  subnet-a: {vpc: vpc-1, az: eu-west-1a, cidrs: [10.0.1.0/24]}
network-interfaces:
  eni-bastion: {name: bastion, subnet: subnet-a, addresses: [10.0.1.10], groups: [jump]}
security-groups:
  jump:
    vpc: vpc-1
    ingress:
      - {tcp: 22, from: %s}
    egress:
      - {protocol: all, to: 0.0.0.0/0}
network-acls:
  acl-1:
    vpc: vpc-1
    default: true
    ingress:
      - {number: 100, action: allow, protocol: all, from: 0.0.0.0/0}
    egress:
      - {number: 100, action: allow, protocol: all, to: 0.0.0.0/0}
`

// watchDemo is a server under a clock that the test drives, and what its commands say.
type watchDemo struct {
	t        *testing.T
	data     string
	receiver *messageReceiver
	mu       sync.Mutex
	now      time.Time
}

func (d *watchDemo) clock() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now
}

// at lets it be a time of the day.
func (d *watchDemo) at(clock string) {
	d.t.Helper()
	now, err := time.Parse(time.RFC3339, "2026-06-16T"+clock+"Z")
	if err != nil {
		d.t.Fatal(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = now
	d.t.Log("== it is " + clock + " ==")
}

// weir runs a command and shows it.
func (d *watchDemo) weir(code int, args ...string) string {
	d.t.Helper()
	a := call(d.t.Context(), append([]string{"--data", d.data}, args...)...)
	d.t.Logf("$ weir %s\n%s%s", strings.Join(args, " "), a.Err, a.Out)
	if a.Code != code {
		d.t.Fatalf("exit code %d, want %d", a.Code, code)
	}
	return a.Out
}

// api carries out an operation.
func (d *watchDemo) api(service, operation string, in object) {
	d.t.Helper()
	raw, err := json.Marshal(in)
	if err != nil {
		d.t.Fatal(err)
	}
	mustCall(d.t, "--data", d.data, "api", service, operation, string(raw))
}

// network imports the definition of the network as it is now.
func (d *watchDemo) network(from string) {
	d.t.Helper()
	file := filepath.Join(d.t.TempDir(), "network.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, demoNetwork, from), 0o600); err != nil {
		d.t.Fatal(err)
	}
	d.weir(exitOK, "network", "import", "-q", file, "--at", d.clock().Format(time.RFC3339))
}

// attempts puts thirty attempts at the bastion, and an administrator's session.
func (d *watchDemo) attempts(action string) {
	d.t.Helper()
	at := d.clock().Unix()
	var events []object
	add := func(format string, args ...any) {
		events = append(events, object{"timestamp": at * 1000, "message": fmt.Sprintf(format, args...)})
	}
	for port := 40001; port <= 40030; port++ {
		add("3 eni-bastion 203.0.113.66 10.0.1.10 %d 22 6 14 2400 %d %d %s OK 3", port, at, at+10, action)
		if action == "ACCEPT" {
			add("3 eni-bastion 10.0.1.10 203.0.113.66 22 %d 6 12 3100 %d %d ACCEPT OK 19", port, at, at+10)
		}
	}
	add("3 eni-bastion 198.51.100.7 10.0.1.10 51000 22 6 400 24000 %d %d ACCEPT OK 2", at, at+10)
	add("3 eni-bastion 10.0.1.10 198.51.100.7 22 51000 6 400 34000 %d %d ACCEPT OK 18", at, at+10)
	d.api("logs", "PutLogEvents", object{"logGroupName": "flows", "logStreamName": "eni-bastion", "logEvents": events})
	d.t.Logf("%d attempts at SSH from 203.0.113.66, %s, are put into the log group", 30, action)
}

// until waits until something holds.
func (d *watchDemo) until(what string, holds func() bool) {
	d.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			d.t.Fatalf("not in a minute: %s", what)
		}
	}
}

// message waits for the message of a state.
func (d *watchDemo) message(state string) (m alarmMessage) {
	d.t.Helper()
	d.until("a message of "+state, func() bool {
		d.receiver.mu.Lock()
		defer d.receiver.mu.Unlock()
		m = d.receiver.last
		return m.NewStateValue == state
	})
	d.t.Logf("a message comes:\n\n%s", m.Weir.Text)
	return m
}

// records waits until the lake has as many records, which come there out of the log group.
func (d *watchDemo) records(n int) {
	d.t.Helper()
	d.until(fmt.Sprint(n, " records in the lake"), func() bool {
		out := mustCall(d.t, "--data", d.data, "query", "--format", "csv", "SELECT count(*) AS n FROM vpc_flow_logs")
		return strings.HasSuffix(strings.TrimSpace(out), "\n"+fmt.Sprint(n))
	})
}

// TestWatchDemo is the story that 'make demo-watch' shows: a brute force is let in, the alarm goes off, its message says who it is and what to run
// next, these commands say which rule lets it in and what to change, that is done, and the alarm clears.
func TestWatchDemo(t *testing.T) {
	t.Setenv("TZ", "UTC")
	d := &watchDemo{t: t, data: filepath.Join(t.TempDir(), "data"), receiver: newMessageReceiver(t)}
	d.at("11:59:50")
	d.network("0.0.0.0/0")
	d.weir(exitOK, "logs", "create", "flows", "--log-format", "${version} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status} ${tcp-flags}")
	d.api("logs", "CreateLogStream", object{"logGroupName": "flows", "logStreamName": "eni-bastion"})
	serveWith(t, app.ServeOptions{Data: d.data, FlushAge: 50 * time.Millisecond, Now: d.clock, Notify: notify.Options{Allow: []string{"127.0.0.1"}}})
	d.api("logs", "PutMetricFilter", object{
		"logGroupName": "flows", "filterName": "ssh-let-in",
		"filterPattern":         "[version, eni, source, destination, srcport, destport = 22, protocol = 6, packets, bytes, start, end, action = ACCEPT, status, flags]",
		"metricTransformations": []object{{"metricName": "ssh-let-in", "metricNamespace": "demo", "metricValue": "1", "defaultValue": 0}},
	})
	topic := strings.TrimSpace(d.weir(exitOK, "notify", "subscribe", "woken", "http", d.receiver.URL))
	confirm(t, <-d.receiver.links)
	alarm, err := json.Marshal(object{
		"AlarmName": "ssh-let-in", "AlarmDescription": "Attempts at SSH that are let in", "Namespace": "demo", "MetricName": "ssh-let-in", "Statistic": "Sum", "Period": 60,
		"EvaluationPeriods": 1, "Threshold": 20, "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching", "AlarmActions": []string{topic}, "OKActions": []string{topic},
	})
	if err != nil {
		t.Fatal(err)
	}
	d.weir(exitOK, "alarm", "put", string(alarm))

	d.at("12:00:10")
	d.attempts("ACCEPT")
	d.at("12:01:01")
	m := d.message("ALARM")
	if len(m.Weir.Next) != 2 || !strings.Contains(m.Weir.Text, "203.0.113.66  30") || !strings.Contains(m.Weir.Text, "bastion") {
		t.Fatalf("the message does not say who it is: %+v", m)
	}
	d.records(62)
	if out := d.weir(exitOK, strings.Fields(m.Weir.Next[0])[1:]...); !strings.Contains(out, "ACCEPTED  tcp 22 from 203.0.113.66 to 10.0.1.10") {
		t.Error("the first command of the message does not say that it is let in")
	}
	if out := d.weir(exitFindings, strings.Fields(m.Weir.Next[1])[1:]...); !strings.Contains(out, "narrow jump:ingress:tcp:22:0.0.0.0/0 from 0.0.0.0/0 to 198.51.100.7/32") {
		t.Error("the second command of the message proposes no change")
	}

	d.at("12:01:20")
	d.network("198.51.100.7/32") // what was proposed
	d.attempts("REJECT")
	d.at("12:02:01")
	d.message("OK")
	d.records(62 + 32)
	if out := d.weir(exitFindings, "why", "203.0.113.66", "10.0.1.10:22/tcp", "--at", "2026-06-16T12:01:30Z"); !strings.Contains(strings.ToLower(out), "refused") {
		t.Error("it is not refused now")
	}
	if out := d.weir(exitOK, "alarm", "history", "ssh-let-in"); strings.Count(out, "Successfully executed action") < 2 {
		t.Error("the history does not tell of two messages")
	}
}

// confirm follows the link of a confirmation.
func confirm(t *testing.T, link string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("the confirmation is answered by %s", answer.Status)
	}
}
