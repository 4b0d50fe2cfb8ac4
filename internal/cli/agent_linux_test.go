package cli

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"weir/internal/agentapi"
	"weir/internal/agentstore"
	"weir/internal/awsapi/awsapitest"
	"weir/internal/source/sourcetest"
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

// within waits for what nothing tells of, and fails with what there is where it does not come.
func within(t *testing.T, met func() (ok bool, is any)) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); ; <-tick.C {
		ok, is := met()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%+v", is)
		}
	}
}

// agentOnce returns what the server knows of its agent once a condition is met.
func agentOnce(t *testing.T, data string, met func(*agentapi.Report) bool) *agentapi.Report {
	t.Helper()
	var last *agentapi.Report
	within(t, func() (bool, any) {
		var list []agentstore.Agent
		if unmarshal(t, mustCall(t, "agent", "list", "--json", "--data", data), &list); len(list) != 1 {
			t.Fatalf("%+v", list)
		}
		last = list[0].Report
		return last != nil && met(last), last
	})
	return last
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

// joining is a server with an agent that joined it, both in a namespace of their own.
type joining struct {
	*island
	t                *testing.T
	dir, data, state string
	program          string // weir-agent
	env              []string
	key              struct{ ID, Secret string } // of the server
	ec2              *ec2.Client
	logs             *cloudwatchlogs.Client
}

// serverURL is where a server is, within its namespace.
const serverURL = "http://127.0.0.1:8787"

// newJoining makes a data directory with a definition and a key, and the environment of an agent that delivers to the server's log groups, and to an S3 that refuses all.
func newJoining(t *testing.T) *joining {
	t.Helper()
	dir := t.TempDir()
	j := &joining{island: newIsland(t), t: t, dir: dir, data: filepath.Join(dir, "data"), state: filepath.Join(dir, "state"), program: agentProgram(t)}
	if out, err := j.run(exec.CommandContext(t.Context(), j.program, "doctor")); err != nil && os.Getenv("WEIR_CI") != "1" {
		t.Skipf("not run: weir-agent can't count here: %s", out)
	}
	unmarshal(t, mustCall(t, "keys", "create", "test", "--json", "--data", j.data), &j.key)
	refusing := j.island.serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
	}))
	none := filepath.Join(dir, "none")
	j.env = append(os.Environ(), "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS="+serverURL, "AWS_ENDPOINT_URL_S3="+refusing, "AWS_ACCESS_KEY_ID="+j.key.ID, "AWS_SECRET_ACCESS_KEY="+j.key.Secret,
		"AWS_CONFIG_FILE="+none, "AWS_SHARED_CREDENTIALS_FILE="+none, "AWS_DEFAULT_REGION=us-east-1", "AWS_PAGER=")
	transport := &http.Transport{DialContext: j.dial}
	t.Cleanup(transport.CloseIdleConnections)
	var at aws.Config
	at.BaseEndpoint, at.Region, at.RetryMaxAttempts, at.HTTPClient = aws.String(serverURL), "us-east-1", 1, awsapitest.NewSDKClient(&http.Client{Transport: transport})
	at.Credentials = credentials.NewStaticCredentialsProvider(j.key.ID, j.key.Secret, "")
	j.ec2, j.logs = ec2.NewFromConfig(at), cloudwatchlogs.NewFromConfig(at)
	return j
}

// write writes a file, and returns its path.
func (j *joining) write(name, text string) string {
	j.t.Helper()
	path := filepath.Join(j.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		j.t.Fatal(err)
	}
	return path
}

// define imports a definition.
func (j *joining) define(text string) {
	j.t.Helper()
	mustCall(j.t, "network", "import", j.write("net.yaml", text), "--data", j.data)
}

// serve starts the server.
func (j *joining) serve() *islander {
	j.t.Helper()
	p := j.start(j.t, exec.CommandContext(j.t.Context(), "weir", "serve", "--data", j.data, "--listen", strings.TrimPrefix(serverURL, "http://"), "--agent-listen", "127.0.0.1:8789"))
	p.wait(j.t, "weir is at")
	return p
}

// count starts the agent, with more lines of its config.
func (j *joining) count(more string) *islander {
	j.t.Helper()
	conf := j.write("agent.yaml", "server: https://127.0.0.1:8789\npin: none\nstate: "+j.state+"\ninterfaces: [{device: eni0, flipped: false, mode: enforce}]\n"+more)
	cmd := exec.CommandContext(j.t.Context(), j.program, "run", "--config", conf)
	cmd.Env = j.env
	p := j.start(j.t, cmd)
	p.wait(j.t, "msg=counting ")
	return p
}

// create makes a flow log of all traffic, and waits until the agent makes it.
func (j *joining) create(p *islander, of ec2types.FlowLogsResourceType, resource string, in *ec2.CreateFlowLogsInput) string {
	j.t.Helper()
	in.ResourceType, in.ResourceIds, in.TrafficType, in.MaxAggregationInterval = of, []string{resource}, ec2types.TrafficTypeAll, aws.Int32(60)
	made, err := j.ec2.CreateFlowLogs(j.t.Context(), in)
	if err != nil || len(made.FlowLogIds) != 1 {
		j.t.Fatalf("%+v: %v", made, err)
	}
	p.wait(j.t, "another policy is in force")
	return made.FlowLogIds[0]
}

// arrived waits until a log group has an event with a text.
func (j *joining) arrived(group, text string) {
	j.t.Helper()
	within(j.t, func() (bool, any) {
		out, err := j.logs.FilterLogEvents(j.t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group, FilterPattern: aws.String(`"` + text + `"`)})
		return err == nil && len(out.Events) == 1, fmt.Sprint(group, text, out, err)
	})
}

// delivery waits until the server says of a flow log how delivery goes: SUCCESS without an error, or FAILED with one that begins so.
func (j *joining) delivery(id, status, why string) {
	j.t.Helper()
	within(j.t, func() (bool, any) {
		got, err := j.ec2.DescribeFlowLogs(j.t.Context(), &ec2.DescribeFlowLogsInput{FlowLogIds: []string{id}})
		if err != nil || len(got.FlowLogs) != 1 {
			j.t.Fatalf("%+v: %v", got, err)
		}
		l := &got.FlowLogs[0]
		return *l.DeliverLogsStatus == status && (l.DeliverLogsErrorMessage != nil) == (why != "") && strings.HasPrefix(aws.ToString(l.DeliverLogsErrorMessage), why),
			fmt.Sprint(id, *l.DeliverLogsStatus, aws.ToString(l.DeliverLogsErrorMessage))
	})
}

// TestAgentEndToEnd has an agent join a server, make the flow logs that AWS's SDK asks the server for, by the definition that was imported there, deliver them into a
// log group of the same server, and go on when the server is gone, also after a restart.
func TestAgentEndToEnd(t *testing.T) {
	t.Parallel() // it waits for reads of the agent, which are 5 s apart
	j := newJoining(t)
	j.define(agentNetwork)
	token := j.write("token", mustCall(t, "agent", "token", "create", "--data", j.data))
	server := j.serve()
	if out, err := j.run(exec.CommandContext(t.Context(), j.program, "join", "--server", "https://127.0.0.1:8789", "--token-file", token, "--name", "web-1", "--state", j.state)); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	buckets := filepath.Join(j.dir, "buckets")
	p := j.count("buckets: " + buckets + "\n")
	bucket := j.create(p, ec2types.FlowLogsResourceTypeVpc, "vpc-1", &ec2.CreateFlowLogsInput{
		LogDestinationType: ec2types.LogDestinationTypeS3, LogDestination: aws.String("arn:aws:s3:::logs/a/"), LogFormat: aws.String("${interface-id} ${srcaddr} ${dstport} ${action}"),
	})
	role := aws.String("arn:aws:iam::123456789012:role/r")
	group := j.create(p, ec2types.FlowLogsResourceTypeSubnet, "subnet-1", &ec2.CreateFlowLogsInput{
		LogGroupName: aws.String("g"), DeliverLogsPermissionArn: role, LogFormat: aws.String("${interface-id} ${dstaddr} ${dstport} ${action}"),
	})
	agentOnce(t, j.data, func(r *agentapi.Report) bool {
		return len(r.Devices) == 1 && r.Devices[0].Interface == "eni-web" && len(r.FlowLogs) == 2
	})

	// A definition that the agent's rules can't be made of stays out, and the server is told why.
	j.define(strings.Replace(agentNetwork, "groups: [sg-web]", "groups: [sg-none]", 1))
	p.wait(t, "a policy can't be carried out")
	refused := agentOnce(t, j.data, func(r *agentapi.Report) bool { return r.Refused != nil })
	if refused.Generation == refused.Refused.Generation || !strings.Contains(refused.Refused.Reason, "sg-none") {
		t.Errorf("%+v", refused)
	}

	// Without the server, and after a restart, the last policy is enforced.
	server.end(t)
	p.end(t)
	p = j.count("buckets: " + buckets + "\n")
	j.send(t, "53") // no rule lets it out
	status, err := j.run(exec.CommandContext(t.Context(), j.program, "status"))
	if err != nil || !strings.Contains(string(status), "the server has not answered since the agent began") {
		t.Errorf("%v: %s", err, status)
	}
	p.end(t)
	objects, err := filepath.Glob(filepath.Join(buckets, "logs", "a", "AWSLogs", "123456789012", "vpcflowlogs", "us-east-1", "*", "*", "*", "*"+bucket+"*.log.gz"))
	if err != nil || len(objects) == 0 {
		t.Fatalf("no object: %v\n%s", err, strings.Join(p.said, "\n"))
	}
	if out := mustCall(t, append([]string{"cat", "--where", "action = REJECT"}, objects...)...); !strings.Contains(out, "eni-web") || !strings.Contains(out, "53") {
		t.Errorf("%s", out)
	}

	// The server comes back, with a definition that the agent takes again, and gets what waited for its log group. No folder stands for S3 now.
	j.define(agentNetwork)
	j.serve()
	p = j.count("")
	p.wait(t, "another policy is in force")
	agentOnce(t, j.data, func(r *agentapi.Report) bool { return r.Refused == nil && r.Generation > refused.Generation })
	j.arrived("g", "eni-web 10.0.1.99 53 REJECT")
	tagged := j.create(p, ec2types.FlowLogsResourceTypeNetworkInterface, "eni-web", &ec2.CreateFlowLogsInput{
		LogGroupName: aws.String("tagged"), DeliverLogsPermissionArn: role, LogFormat: aws.String("${instance-tag} ${interface-tag} ${dstport} ${action}"),
		TagFieldSpecifications: []ec2types.TagFieldSpecificationRequest{{ResourceType: "instance", TagKeys: []string{"a"}}, {ResourceType: "network-interface", TagKeys: []string{"b"}}},
	})
	j.send(t, "54")
	if out, err := j.ec2.DeleteFlowLogs(t.Context(), &ec2.DeleteFlowLogsInput{FlowLogIds: []string{tagged}}); err != nil || len(out.Unsuccessful) > 0 { // what is open is written
		t.Fatal(out, err)
	}
	j.arrived("tagged", "- - 54 REJECT") // a definition has no tags
	j.arrived("g", "eni-web 10.0.1.99 54 REJECT")
	j.delivery(bucket, "FAILED", "Access error: ")
	j.delivery(group, "SUCCESS", "")
	t.Run("boto3", func(t *testing.T) {
		j.asked(t, sourcetest.Python(t, "boto3"), "testdata/clients/boto3_agent.py", serverURL, bucket, group)
	})
	for _, major := range []string{"1", "2"} {
		t.Run("AWS CLI "+major, func(t *testing.T) { j.askedByCLI(t, major, bucket, group) })
	}
	mustCall(t, "agent", "remove", "web-1", "--data", j.data)
	j.define(strings.Replace(agentNetwork, "tcp: 80", "tcp: 81", 1)) // else the agent learns of it by its next report
	p.wait(t, "the server does not know this agent")
}

// asked runs a program with the agent's environment, and returns what it says.
func (j *joining) asked(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Env = j.env
	out, err := j.run(cmd)
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// askedByCLI has the AWS CLI say what became of flow logs and their records.
func (j *joining) askedByCLI(t *testing.T, major, bucket, group string) {
	path, _ := sourcetest.AWSCLI(t, major)
	var logs struct {
		FlowLogs []struct{ FlowLogID, DeliverLogsStatus, DeliverLogsErrorMessage string }
	}
	unmarshal(t, j.asked(t, path, "--endpoint-url", serverURL, "--output", "json", "ec2", "describe-flow-logs", "--filter", "Name=deliver-log-status,Values=FAILED"), &logs)
	if l := logs.FlowLogs; len(l) != 1 || l[0].FlowLogID != bucket || !strings.HasPrefix(l[0].DeliverLogsErrorMessage, "Access error: ") {
		t.Errorf("%+v", l)
	}
	unmarshal(t, j.asked(t, path, "--endpoint-url", serverURL, "--output", "json", "ec2", "describe-flow-logs", "--flow-log-ids", group), &logs)
	if l := logs.FlowLogs; len(l) != 1 || l[0].DeliverLogsStatus != "SUCCESS" {
		t.Errorf("%+v", l)
	}
	var found struct {
		Events []struct{ Message, LogStreamName string }
	}
	unmarshal(t, j.asked(t, path, "--endpoint-url", serverURL, "--output", "json", "logs", "filter-log-events", "--log-group-name", "g", "--filter-pattern", "REJECT"), &found)
	for i, port := range []string{"53", "54"} {
		if len(found.Events) != 2 || found.Events[i].Message != "eni-web 10.0.1.99 "+port+" REJECT" || found.Events[i].LogStreamName != "eni-web-all" {
			t.Errorf("%+v", found.Events)
		}
	}
}
