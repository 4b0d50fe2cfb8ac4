package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"weir/internal/agentstore"
)

const agentNetwork = `account: "123456789012"
region: us-east-1
vpcs:
  vpc-1: {cidrs: [10.0.0.0/16]}
subnets:
  subnet-1: {vpc: vpc-1, az: us-east-1a, cidrs: [10.0.1.0/24]}
network-interfaces:
  eni-web: {subnet: subnet-1, addresses: [10.0.1.10], mac: "02:00:00:00:00:02", groups: [sg-web]}
security-groups:
  sg-web: {vpc: vpc-1, ingress: [{tcp: 80, from: 0.0.0.0/0}], egress: []}
network-acls:
  acl-1:
    vpc: vpc-1
    default: true
    ingress: [{number: 100, action: allow, protocol: all, from: 0.0.0.0/0}]
    egress: [{number: 100, action: allow, protocol: all, to: 0.0.0.0/0}]
`

// island is a thread with a network namespace of its own, which both end with the test: a server and an agent meet there, and nothing of the host is touched.
type island struct{ do chan func() }

func newIsland(t *testing.T) *island {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("not run: it takes root")
	}
	n := &island{make(chan func())}
	began := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		began <- syscall.Unshare(syscall.CLONE_NEWNET)
		for f := range n.do {
			f()
		}
	}()
	if err := <-began; err != nil {
		t.Skipf("not run: network namespaces can't be made here: %v", err)
	}
	t.Cleanup(func() { close(n.do) })
	for _, words := range []string{
		"link set lo up", "link add eni0 address 02:00:00:00:00:02 type veth peer name far", "link set eni0 addrgenmode none up", "link set far addrgenmode none up", "addr add 10.0.1.10/24 dev eni0",
		"neigh add 10.0.1.99 lladdr 02:00:00:00:00:99 dev eni0",
	} {
		if out, err := n.run(exec.CommandContext(t.Context(), "ip", strings.Fields(words)...)); err != nil {
			t.Fatalf("ip %s: %v: %s", words, err, out)
		}
	}
	return n
}

// in runs a function within the namespace.
func (n *island) in(f func()) {
	done := make(chan struct{})
	n.do <- func() { defer close(done); f() }
	<-done
}

// run runs a command within the namespace, and returns what it says.
func (n *island) run(cmd *exec.Cmd) (out []byte, err error) {
	n.in(func() { out, err = cmd.CombinedOutput() })
	return out, err
}

// dial connects within the namespace.
func (n *island) dial(ctx context.Context, network, address string) (c net.Conn, err error) {
	n.in(func() { c, err = new(net.Dialer).DialContext(ctx, network, address) })
	return c, err
}

// islander is a program that runs within the namespace.
type islander struct {
	cmd   *exec.Cmd
	lines chan string
	said  []string
}

// start starts a program; its lines are of both outputs.
func (n *island) start(t *testing.T, cmd *exec.Cmd) *islander {
	t.Helper()
	out, in := io.Pipe()
	cmd.Stdout, cmd.Stderr = in, in
	p := &islander{cmd: cmd, lines: make(chan string, 10000)}
	var err error
	n.in(func() { err = cmd.Start() })
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.lines)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			p.lines <- lines.Text()
		}
	}()
	go func() { _ = cmd.Wait(); in.Close() }() // the end of its lines is the end of it
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	return p
}

// wait reads lines until one has a text, and returns it.
func (p *islander) wait(t *testing.T, text string) string {
	t.Helper()
	for line := range p.lines {
		if p.said = append(p.said, line); strings.Contains(line, text) {
			return line
		}
	}
	t.Fatalf("it ended without saying %q:\n%s", text, strings.Join(p.said, "\n"))
	return ""
}

// end ends it by SIGTERM.
func (p *islander) end(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	for line := range p.lines {
		p.said = append(p.said, line)
	}
}

// agents returns what the server knows of agents once a condition is met.
func agentsOnce(t *testing.T, data string, met func(*agentstore.Agent) bool) *agentstore.Agent {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		var list []agentstore.Agent
		if err := json.Unmarshal([]byte(mustCall(t, "agent", "list", "--json", "--data", data)), &list); err != nil || len(list) != 1 {
			t.Fatalf("%+v: %v", list, err)
		}
		if met(&list[0]) {
			return &list[0]
		}
		if time.Now().After(deadline) {
			t.Fatalf("%+v", list[0].Report)
		}
	}
}

// agentProgram builds weir-agent.
func agentProgram(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "weir-agent")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", name, "weir/cmd/weir-agent")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return name
}

// TestAgentEndToEnd has an agent join a server, make the flow logs that AWS's SDK asks the server for, by the definition that was imported there, and go on when
// the server is gone, also after a restart.
func TestAgentEndToEnd(t *testing.T) {
	t.Parallel() // it waits for reads of the agent, which are 5 s apart
	host := newIsland(t)
	agent := agentProgram(t)
	if out, err := host.run(exec.CommandContext(t.Context(), agent, "doctor")); err != nil && os.Getenv("WEIR_CI") != "1" {
		t.Skipf("not run: weir-agent can't count here: %s", out)
	}
	dir := t.TempDir()
	data, state := filepath.Join(dir, "data"), filepath.Join(dir, "state")
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	net1 := write("net.yaml", agentNetwork)
	mustCall(t, "network", "import", net1, "--data", data)
	token := write("token", mustCall(t, "agent", "token", "create", "--data", data))
	weir := func() *islander {
		t.Helper()
		p := host.start(t, exec.CommandContext(t.Context(), "weir", "serve", "--data", data, "--listen", "127.0.0.1:8787", "--agent-listen", "127.0.0.1:8789"))
		p.wait(t, "weir is at")
		return p
	}
	server := weir()
	if out, err := host.run(exec.CommandContext(t.Context(), agent, "join", "--server", "https://127.0.0.1:8789", "--token-file", token, "--name", "web-1", "--state", state)); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	buckets := filepath.Join(dir, "buckets")
	conf := write("agent.yaml", "server: https://127.0.0.1:8789\npin: none\nstate: "+state+"\nbuckets: "+buckets+"\ninterfaces: [{device: eni0, flipped: false, mode: enforce}]\n")
	run := func() *islander {
		t.Helper()
		p := host.start(t, exec.CommandContext(t.Context(), agent, "run", "--config", conf))
		p.wait(t, "msg=counting ")
		return p
	}
	p := run()

	var key struct {
		ID     string `json:"id"`
		Secret string `json:"secret"`
	}
	if err := json.Unmarshal([]byte(mustCall(t, "keys", "create", "test", "--json", "--data", data)), &key); err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DialContext: host.dial}
	t.Cleanup(transport.CloseIdleConnections)
	client := ec2.New(ec2.Options{
		BaseEndpoint: aws.String("http://127.0.0.1:8787"), Region: "us-east-1", RetryMaxAttempts: 1, HTTPClient: &http.Client{Transport: transport},
		Credentials: credentials.NewStaticCredentialsProvider(key.ID, key.Secret, ""),
	})
	create := func(in *ec2.CreateFlowLogsInput) string {
		t.Helper()
		in.TrafficType, in.MaxAggregationInterval = ec2types.TrafficTypeAll, aws.Int32(60)
		made, err := client.CreateFlowLogs(t.Context(), in)
		if err != nil || len(made.FlowLogIds) != 1 {
			t.Fatalf("%+v: %v", made, err)
		}
		return made.FlowLogIds[0]
	}
	id := create(&ec2.CreateFlowLogsInput{
		ResourceType: ec2types.FlowLogsResourceTypeVpc, ResourceIds: []string{"vpc-1"}, LogDestinationType: ec2types.LogDestinationTypeS3, LogDestination: aws.String("arn:aws:s3:::logs/a/"),
		LogFormat: aws.String("${interface-id} ${srcaddr} ${dstport} ${action}"),
	})
	p.wait(t, "another policy is in force")
	group := create(&ec2.CreateFlowLogsInput{
		ResourceType: ec2types.FlowLogsResourceTypeSubnet, ResourceIds: []string{"subnet-1"}, LogGroupName: aws.String("g"), DeliverLogsPermissionArn: aws.String("arn:aws:iam::123456789012:role/r"),
	})
	p.wait(t, "another policy is in force")

	// What the server says of the agent, and what DescribeFlowLogs says of deliveries.
	agentsOnce(t, data, func(a *agentstore.Agent) bool {
		r := a.Report
		return r != nil && len(r.Devices) == 1 && r.Devices[0].Interface == "eni-web" && len(r.FlowLogs) == 2
	})
	for deadline := time.Now().Add(30 * time.Second); ; {
		got, err := client.DescribeFlowLogs(t.Context(), &ec2.DescribeFlowLogsInput{FlowLogIds: []string{id, group}})
		if err != nil || len(got.FlowLogs) != 2 {
			t.Fatalf("%+v: %v", got, err)
		}
		ok, bad := got.FlowLogs[0], got.FlowLogs[1]
		if *ok.DeliverLogsStatus == "SUCCESS" && ok.DeliverLogsErrorMessage == nil && *bad.DeliverLogsStatus == "SUCCESS" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%+v", got.FlowLogs)
		}
	}

	// A definition that the agent's rules can't be made of stays out, and the server is told why.
	mustCall(t, "network", "import", write("net.yaml", strings.Replace(agentNetwork, "groups: [sg-web]", "groups: [sg-none]", 1)), "--data", data)
	p.wait(t, "a policy can't be carried out")
	refused := agentsOnce(t, data, func(a *agentstore.Agent) bool { return a.Report != nil && a.Report.Refused != nil }).Report
	if refused.Generation == refused.Refused.Generation || !strings.Contains(refused.Refused.Reason, "sg-none") {
		t.Errorf("%+v", refused)
	}

	// Without the server, and after a restart, the last policy is enforced.
	server.end(t)
	p.end(t)
	p = run()
	host.in(func() {
		c, err := net.Dial("udp", "10.0.1.99:53") // no rule lets it out
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		if _, err := c.Write([]byte("x")); err != nil && !errors.Is(err, syscall.EPERM) && !errors.Is(err, syscall.ENOBUFS) {
			t.Error(err)
		}
	})
	status, err := host.run(exec.CommandContext(t.Context(), agent, "status"))
	if err != nil || !strings.Contains(string(status), "the server has not answered since the agent began") {
		t.Errorf("%v: %s", err, status)
	}
	p.end(t)
	objects, err := filepath.Glob(filepath.Join(buckets, "logs", "a", "AWSLogs", "123456789012", "vpcflowlogs", "us-east-1", "*", "*", "*", "*"+id+"*.log.gz"))
	if err != nil || len(objects) == 0 {
		t.Fatalf("no object: %v\n%s", err, strings.Join(p.said, "\n"))
	}
	if out := mustCall(t, append([]string{"cat", "--where", "action = REJECT"}, objects...)...); !strings.Contains(out, "eni-web") || !strings.Contains(out, "53") {
		t.Errorf("%s", out)
	}

	// The server comes back, with a definition that the agent takes again.
	mustCall(t, "network", "import", write("net.yaml", agentNetwork), "--data", data)
	weir()
	p = run()
	agentsOnce(t, data, func(a *agentstore.Agent) bool {
		return a.Report != nil && a.Report.Refused == nil && a.Report.Generation > refused.Generation
	})
	mustCall(t, "agent", "remove", "web-1", "--data", data)
	p.wait(t, "the server does not know this agent")
}
