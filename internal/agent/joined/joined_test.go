package joined

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/agent"
	"weir/internal/agent/config"
	"weir/internal/agent/device"
	"weir/internal/agentapi"
	"weir/internal/agentserver"
	"weir/internal/agentstore"
)

const definition = `account: "123456789012"
region: us-east-1
vpcs:
  vpc-1: {cidrs: [10.0.0.0/16]}
subnets:
  subnet-1: {vpc: vpc-1, az: us-east-1a, cidrs: [10.0.1.0/24]}
network-interfaces:
  eni-web: {subnet: subnet-1, addresses: [10.0.1.10], groups: [sg-web]}
security-groups:
  sg-web: {vpc: vpc-1, ingress: [{tcp: 80, from: 0.0.0.0/0}], egress: []}
network-acls:
  acl-1: {vpc: vpc-1, default: true, ingress: [{number: 100, action: allow, protocol: all, from: 0.0.0.0/0}], egress: []}
`

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func now() time.Time { return noon }

// server is one that can go away, and come back at the same address.
type server struct {
	store    *agentstore.Store
	policies *agentserver.Policies
	cert     *tls.Certificate
	address  string
	http     *httptest.Server
}

func newServer(t *testing.T) *server {
	t.Helper()
	data := t.TempDir()
	s := &server{}
	var err error
	if s.store, err = agentstore.Open(t.Context(), data, now); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.store.Close() })
	if s.cert, err = agentstore.Certificate(data, noon); err != nil {
		t.Fatal(err)
	}
	s.policies, s.address = agentserver.NewPolicies(s.store), "127.0.0.1:0"
	s.start(t)
	return s
}

func (s *server) start(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	s.address = l.Addr().String()
	s.http = httptest.NewUnstartedServer(agentserver.Handler(agentserver.Options{Store: s.store, Policies: s.policies, Hold: time.Minute, Log: slog.New(slog.DiscardHandler)}))
	s.http.Listener.Close()
	s.http.Listener = l
	s.http.TLS = &tls.Config{Certificates: []tls.Certificate{*s.cert}}
	s.http.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.http.StartTLS()
	t.Cleanup(s.stop)
}

// stop ends the server, also for requests that it holds.
func (s *server) stop() {
	s.http.CloseClientConnections()
	s.http.Close()
}

func (s *server) publish(t *testing.T, network string, logs ...agentapi.FlowLog) int64 {
	t.Helper()
	g, err := s.policies.Publish(t.Context(), &agentapi.Policy{Network: network, FlowLogs: logs})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func (s *server) request(t *testing.T, dir string) *Request {
	t.Helper()
	token, _, err := s.store.CreateToken(t.Context(), agentapi.PinOf(s.cert.Leaf), "", 1, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return &Request{State: dir, Server: "https://" + s.address, Token: token, Name: "web-1", Version: "1", Now: now}
}

// configOf is of an agent that joined.
func (s *server) configOf(dir string) *config.Config {
	return &config.Config{Server: "https://" + s.address, State: dir, Buckets: "/srv/buckets", Interfaces: []config.Interface{{Device: "eth0", ENI: "eni-web", Mode: "enforce"}}}
}

var flowLog = agentapi.FlowLog{
	ID: "fl-1", Resource: "vpc-1", Account: "123456789012", Region: "us-east-1", Traffic: "ALL", DestinationType: "s3", Destination: "arn:aws:s3:::logs/a/", Format: "${srcaddr} ${action}",
	Interval: 60, FileFormat: "plain-text", Hive: true,
}

func TestJoin(t *testing.T) {
	s := newServer(t)
	dir := filepath.Join(t.TempDir(), "state")
	r := s.request(t, dir)
	address := s.address
	s.stop()
	if _, err := Join(t.Context(), r); err == nil || Final(err) {
		t.Fatalf("there is no server: %v", err)
	}
	s.address = address
	s.start(t)
	i, err := Join(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	// As if the answer had been lost: what was sent is there, and what came is not.
	if err := writePrivate(filepath.Join(dir, folder), "joining.json", map[string]any{"token": r.Token.ID, "identity": i}); err != nil {
		t.Fatal(err)
	}
	again, err := Join(t.Context(), r)
	if err != nil || again.ID != i.ID {
		t.Errorf("%+v: %v", again, err)
	}
	if _, err := Join(t.Context(), r); !Final(err) || !strings.Contains(err.Error(), "the token was used") {
		t.Errorf("with the same token: %v", err)
	}
	state := dir
	dir = filepath.Join(dir, folder)
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", f.Name(), info.Mode(), err)
		}
		if text, err := os.ReadFile(filepath.Join(dir, f.Name())); err != nil || strings.Contains(string(text), r.Token.Secret) {
			t.Errorf("%s has the token's secret, or %v", f.Name(), err)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v: %v", info.Mode(), err)
	}
	if err := os.Chmod(filepath.Join(dir, "agent.json"), 0o640); err != nil {
		t.Fatal(err)
	}
	o := Options{Config: s.configOf(state), Log: slog.New(slog.DiscardHandler), Now: now}
	if _, err := Open(o); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a credential that others can read: %v", err)
	}
	o.Config = s.configOf(t.TempDir())
	if _, err := Open(o); !errors.Is(err, ErrNotJoined) {
		t.Error(err)
	}
}

// TestAgent follows a server that says one policy after the other, goes away and comes back, and an agent that begins anew meanwhile.
func TestAgent(t *testing.T) {
	s := newServer(t)
	dir := t.TempDir()
	if _, err := Join(t.Context(), s.request(t, dir)); err != nil {
		t.Fatal(err)
	}
	waits := make(chan time.Duration)
	open := func() *Agent {
		t.Helper()
		a, err := Open(Options{Config: s.configOf(dir), Version: "2", Log: slog.New(slog.DiscardHandler), Now: now, Wait: func(ctx context.Context, d time.Duration) {
			select {
			case waits <- d:
			case <-ctx.Done():
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	a := open()
	ctx, cancel := context.WithCancel(t.Context())
	if a.Kept() != nil {
		t.Error("a policy before the first")
	}
	s.publish(t, definition, flowLog)
	first, err := a.First(ctx)
	if err != nil || first.Generation != 1 || len(first.FlowLogs) != 1 || first.FlowLogs[0].Destination != "/srv/buckets/logs/a" {
		t.Fatalf("%+v: %v", first, err)
	}
	if again := open(); again.Kept() != nil {
		t.Error("a policy is kept that nothing runs by")
	}
	a.Report(agent.Status{})
	if k := open().Kept(); k == nil || k.Generation != 1 {
		t.Errorf("kept: %+v", k)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); a.Run(ctx) }()

	// One that the agent takes, one that it can't read, one that what runs refuses.
	take := func(want int64, answer error) {
		t.Helper()
		o := <-a.Offers()
		if o.Policy.Generation != want {
			t.Errorf("generation %d, want %d", o.Policy.Generation, want)
		}
		o.Answer(answer)
	}
	s.publish(t, definition)
	take(2, nil)
	s.publish(t, "vpcs: 7\n")
	s.publish(t, strings.Replace(definition, "eni-web", "eni-app", 1)) // its config is of eni-web
	s.publish(t, definition, flowLog)
	o := <-a.Offers() // one that can't be put in force yet is offered again
	o.Answer(agent.ErrAgain)
	<-waits
	take(5, errors.New("the kernel says no"))
	s.publish(t, definition, flowLog, agentapi.FlowLog{ID: "fl-2", Traffic: "ALL", Interval: 60, Format: "${version}", Destination: "logs"})
	o = <-a.Offers() // before it is answered, 5 is what was refused
	if st := a.Status(); st.Generation != 2 || !strings.HasPrefix(st.Refused, "5: the kernel says no") {
		t.Errorf("%+v", st)
	}
	if k := open().Kept(); k.Generation != 2 {
		t.Errorf("kept: %+v", k)
	}
	if len(o.Policy.FlowLogs) != 1 || !strings.Contains(o.Policy.Refused["fl-2"], "logs is no ARN") {
		t.Errorf("%+v", o.Policy)
	}
	o.Answer(nil)
	s.stop()
	for range 3 {
		<-waits // it is asked again, and again
	}
	if st := a.Status(); st.Generation != 6 || st.Refused != "" || st.Unheard == "" {
		t.Errorf("%+v", st)
	}
	cancel()
	<-ended

	// The server is still not there.
	b := open()
	if k := b.Kept(); k == nil || k.Generation != 6 || len(k.FlowLogs) != 1 {
		t.Fatalf("kept: %+v", k)
	}
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	if p, err := b.First(ctx); err != nil || p != b.Kept() {
		t.Errorf("%+v: %v", p, err)
	}
	ended = make(chan struct{})
	go func() { defer close(ended); b.Run(ctx) }()
	<-waits
	s.start(t)
	go func() {
		for ctx.Err() == nil {
			select {
			case <-waits:
			case <-ctx.Done():
			}
		}
	}()
	s.publish(t, definition)
	o = <-b.Offers()
	if o.Policy.Generation != 7 {
		t.Errorf("%+v", o.Policy)
	}
	o.Answer(nil)
	cancel()
	<-ended
}

// begun returns an agent that has a server's first policy, follows it until the test ends, and has not said yet how it is; and what is kept of it.
func begun(t *testing.T, s *server) (a *Agent, kept func() int64) {
	t.Helper()
	dir := t.TempDir()
	if _, err := Join(t.Context(), s.request(t, dir)); err != nil {
		t.Fatal(err)
	}
	open := func() *Agent {
		t.Helper()
		a, err := Open(Options{Config: s.configOf(dir), Version: "2", Log: slog.New(slog.DiscardHandler), Now: now})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	a = open()
	s.publish(t, definition)
	if _, err := a.First(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); a.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	return a, func() int64 {
		t.Helper()
		if k := open().Kept(); k != nil {
			return k.Generation
		}
		return 0
	}
}

// TestKept has an agent be given other policies before it says for the first time how it is: the one that is in force is kept.
func TestKept(t *testing.T) {
	s := newServer(t)
	a, kept := begun(t, s)
	for _, want := range []int64{0, 2, 3} { // that the next one is offered says that the one before is kept
		g := s.publish(t, definition, agentapi.FlowLog{ID: "fl-1", Destination: fmt.Sprint(want)})
		o := <-a.Offers()
		if got := kept(); o.Policy.Generation != g || got != want {
			t.Errorf("%d is offered, and %d is kept; want %d, %d", o.Policy.Generation, got, g, want)
		}
		if want == 3 {
			a.Report(agent.Status{})
		}
		if got := kept(); got != want || a.Status().Generation != max(want, 1) || a.Status().Since.IsZero() { // the first is in force before it is kept
			t.Errorf("%d is kept, and %d in force, want %d", got, a.Status().Generation, want)
		}
		o.Answer(nil)
	}
}

// TestKeptFirst has the first policy kept after another one was refused: that stays said.
func TestKeptFirst(t *testing.T) {
	s := newServer(t)
	a, kept := begun(t, s)
	s.publish(t, "vpcs: 7\n")
	for a.Status().Refused == "" {
		runtime.Gosched()
	}
	a.Report(agent.Status{})
	if st := a.Status(); kept() != 1 || st.Generation != 1 || !strings.HasPrefix(st.Refused, "2: ") {
		t.Errorf("%d is kept: %+v", kept(), st)
	}
}

// TestRefused has the server told of what its first policy is refused for.
func TestRefused(t *testing.T) {
	s := newServer(t)
	dir := t.TempDir()
	if _, err := Join(t.Context(), s.request(t, dir)); err != nil {
		t.Fatal(err)
	}
	a, err := Open(Options{Config: s.configOf(dir), Version: "2", Log: slog.New(slog.DiscardHandler), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	s.publish(t, "vpcs: 7\n")
	got := make(chan *agent.Policy)
	go func() {
		p, err := a.First(t.Context())
		if err != nil {
			t.Error(err)
		}
		got <- p
	}()
	var reported *agentapi.Report
	for reported == nil || reported.Refused == nil {
		agents, err := s.store.Agents(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		reported = agents[0].Report
	}
	if r := reported.Refused; r.Generation != 1 || !strings.Contains(r.Reason, "cannot read the network definition") && !strings.Contains(r.Reason, "no network definition could be read") {
		t.Errorf("%+v", r)
	}
	s.publish(t, definition)
	if p := <-got; p.Generation != 2 {
		t.Errorf("%+v", p)
	}
}

// TestReport has reports by a clock of its own, and what the server has of them.
func TestReport(t *testing.T) {
	s := newServer(t)
	dir := t.TempDir()
	if _, err := Join(t.Context(), s.request(t, dir)); err != nil {
		t.Fatal(err)
	}
	at := noon
	a, err := Open(Options{Config: s.configOf(dir), Version: "2", Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	due := func() *agentapi.Report {
		select {
		case r := <-a.reports:
			return r
		default:
			return nil
		}
	}
	status := agent.Status{
		Devices:  []agent.Match{{Device: device.Device{Name: "eth0"}, Interface: "eni-web", Mode: "enforce"}, {Device: device.Device{Name: "veth1"}, Refused: "a veth"}},
		FlowLogs: []agent.FlowLogStatus{{ID: "fl-1", Records: 7, Objects: 1}},
	}
	want := &agentapi.Report{
		Version: "2", Devices: []agentapi.Device{{Name: "eth0", State: "recorded", Interface: "eni-web", Mode: "enforce"}, {Name: "veth1", State: "refused", Why: "a veth"}},
		FlowLogs: []agentapi.FlowLogReport{{ID: "fl-1", Records: 7, Objects: 1}},
	}
	a.Report(status)
	r := due()
	if diff := cmp.Diff(want, r); diff != "" {
		t.Fatal(diff)
	}
	a.Report(status)
	if due() != nil {
		t.Error("two at once")
	}
	a.send(t.Context(), r)
	agents, err := s.store.Agents(t.Context())
	if err != nil || len(agents) != 1 || cmp.Diff(want, agents[0].Report) != "" {
		t.Errorf("%+v: %v", agents, err)
	}
	status.FlowLogs[0].Records = 8
	if a.Report(status); due() != nil {
		t.Error("at once, though only a count changed")
	}
	at = at.Add(reportEvery)
	a.Report(status)
	if r = due(); r == nil {
		t.Fatal("not now and then")
	}
	a.send(t.Context(), r)
	status.FlowLogs[0].Error = "Access error"
	a.Report(status)
	if r = due(); r == nil {
		t.Fatal("not at once, though something fails")
	}
	s.stop()
	a.send(t.Context(), r)
	if a.Report(status); due() == nil {
		t.Error("what could not be sent is not tried again")
	}
}

func TestFlowLogOf(t *testing.T) {
	for _, tc := range []struct {
		change func(*agentapi.FlowLog)
		want   string // of the destination, or a part of the error
	}{
		{func(*agentapi.FlowLog) {}, "/srv/buckets/logs/a"},
		{func(l *agentapi.FlowLog) { l.Destination = "arn:aws:s3:::logs" }, "/srv/buckets/logs"},
		{func(l *agentapi.FlowLog) { l.Destination = "arn:aws:s3:::logs/../../etc" }, "is no folder below"},
		{func(l *agentapi.FlowLog) { l.Destination = "arn:aws:s3:::/etc" }, "is no folder below"},
		{func(l *agentapi.FlowLog) { l.Destination = "arn:aws:s3:::" }, "is no folder below"},
		{func(l *agentapi.FlowLog) { l.Destination, l.DestinationType = "/etc", "cloud-watch-logs" }, "/etc is no ARN"},
		{func(l *agentapi.FlowLog) { l.Destination = "arn:aws:logs:us-east-1:123456789012:log-group:g" }, "Parquet and partitions are for buckets"},
		{func(l *agentapi.FlowLog) {
			l.Hive, l.Destination = false, "arn:aws:logs:us-east-1:123456789012:log-group:g"
		}, "arn:aws:logs:us-east-1:123456789012:log-group:g"},
		{func(l *agentapi.FlowLog) {
			l.Hive, l.DestinationType, l.Destination = false, "kinesis-data-firehose", "arn:aws:firehose:us-east-1:123456789012:deliverystream/s"
		}, "arn:aws:firehose:us-east-1:123456789012:deliverystream/s"},
		{func(l *agentapi.FlowLog) {
			l.Hive, l.Destination, l.DeliverCrossAccountRole = false, "arn:aws:firehose:us-east-1:123456789012:deliverystream/s", "arn:aws:iam::210987654321:role/r"
		}, "the role is of account 210987654321"},
		{func(l *agentapi.FlowLog) { l.DestinationType, l.DeliverCrossAccountRole = "cloud-watch-logs", "root" }, `"root" is no ARN of a role`},
		{func(l *agentapi.FlowLog) { l.Resource, l.Traffic, l.Format = "tgw-1", "", "${tgw-id} ${packets}" }, "/srv/buckets/logs/a"},
		{func(l *agentapi.FlowLog) { l.Resource, l.Format = "tgw-1", "${tgw-id} ${packets}" }, `has no traffic type and an interval of 60 seconds, and this one "ALL" and 60`},
		{func(l *agentapi.FlowLog) { l.Resource, l.Traffic, l.Interval = "tgw-1", "", 600 }, `has no traffic type and an interval of 60 seconds, and this one "" and 600`},
		{func(l *agentapi.FlowLog) { l.Resource, l.Traffic = "tgw-attach-1", "" }, "no tgw flow log has the field action"},
		{func(l *agentapi.FlowLog) { l.Traffic = "" }, `does not know the traffic type ""`},
		{func(l *agentapi.FlowLog) { l.Interval = 300 }, "does not know an interval of 300 seconds"},
		{func(l *agentapi.FlowLog) { l.FileFormat = "orc" }, `does not know the file format "orc"`},
		{func(l *agentapi.FlowLog) { l.Format = "${no-such}" }, "there is no field no-such"},
	} {
		l := flowLog
		tc.change(&l)
		got, err := flowLogOf(&l, "/srv/buckets")
		if err == nil && got.Destination != tc.want || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: %+v, %v", l, got, err)
		}
		if err == nil && (got.ID != "fl-1" || got.Interval != time.Minute || got.Hive != l.Hive || got.Parquet || got.Format.Len() != 2 || got.Account != "123456789012") {
			t.Errorf("%+v", got)
		}
	}
	flowLog := flowLog
	flowLog.DeliverCrossAccountRole = "arn:aws:iam::123456789012:role/deliver"
	got, err := flowLogOf(&flowLog, "") // no folder stands for S3
	if d := got.Delivery; err != nil || d.Type != config.S3 || d.Bucket != "logs" || d.Prefix != "a/" || d.Role != flowLog.DeliverCrossAccountRole {
		t.Errorf("%+v: %v", got, err)
	}
}

// FuzzPolicy has servers say anything: it is refused by an error, or nothing of it leads out of the folder.
func FuzzPolicy(f *testing.F) {
	f.Add([]byte(`{"generation":1,"digest":"a","network":"vpcs: {vpc-1: {cidrs: [10.0.0.0/16]}}","flow_logs":[]}`))
	f.Add([]byte(`{"generation":1,"digest":"a","network":"","flow_logs":[{"id":"fl-1","traffic":"ALL","interval":60,"format":"${version}","destination_type":"s3","destination":"arn:aws:s3:::a/../.."}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, _, err := policyOf(text, &config.Config{Buckets: "/srv/buckets"})
		if err != nil {
			return
		}
		for _, l := range p.FlowLogs {
			if !strings.HasPrefix(l.Destination, "/srv/buckets/") {
				t.Errorf("%+v", l)
			}
		}
	})
}
