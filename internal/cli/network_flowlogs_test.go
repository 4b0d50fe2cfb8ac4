package cli

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"weir/internal/source/sourcetest"
)

// TestNetworkFlowLogsMends runs the commands that weir prints with the AWS CLI against moto,
// until all is covered: of a VPC without flow logs, and of a subnet beside one that has one.
func TestNetworkFlowLogsMends(t *testing.T) {
	aws := sourcetest.Program(t, "aws", "pip install awscli")
	awsEnv(t, "AKIDEXAMPLE", "secret")
	t.Setenv("AWS_MAX_ATTEMPTS", "1") // moto answers calls that it does not have with 500
	t.Setenv("AWS_DEFAULT_REGION", "us-east-1")
	t.Setenv("AWS_ENDPOINT_URL", sourcetest.StartMoto(t))
	run := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Env = append(os.Environ(), "AWS_PAGER=")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s %v: %v", name, args, err)
		}
		return strings.TrimSpace(string(out))
	}
	run(aws, "s3api", "create-bucket", "--bucket", "logs")
	vpc := run(aws, "ec2", "create-vpc", "--cidr-block", "10.9.0.0/16", "--query", "Vpc.VpcId", "--output", "text")
	var subnets []string
	for _, cidr := range []string{"10.9.1.0/24", "10.9.2.0/24"} {
		subnet := run(aws, "ec2", "create-subnet", "--vpc-id", vpc, "--cidr-block", cidr, "--query", "Subnet.SubnetId", "--output", "text")
		run(aws, "ec2", "create-network-interface", "--subnet-id", subnet)
		subnets = append(subnets, subnet)
	}
	run(aws, "ec2", "create-flow-logs", "--resource-type", "Subnet", "--resource-ids", subnets[0], "--traffic-type", "ALL",
		"--log-destination-type", "s3", "--log-destination", "arn:aws:s3:::logs", "--max-aggregation-interval", "60")

	data := t.TempDir()
	look := func(code int) (commands []string) {
		t.Helper()
		if a := call(t.Context(), "--data", data, "network", "import", "--live", "--region", "us-east-1"); a.Code != exitPartial {
			t.Fatalf("%+v; want exit code %d, since moto does not have all calls", a, exitPartial)
		}
		a := call(t.Context(), "--data", data, "network", "flowlogs", "--json")
		var report struct {
			Mend []struct {
				Command string
				Needs   []string
			}
		}
		if err := json.Unmarshal([]byte(a.Out), &report); err != nil || a.Code != code {
			t.Fatalf("%v %+v; want exit code %d", err, a, code)
		}
		for _, c := range report.Mend {
			if len(c.Needs) > 0 {
				t.Errorf("%s needs %v", c.Command, c.Needs)
			}
			commands = append(commands, c.Command)
		}
		return commands
	}
	commands := look(exitFindings)
	if len(commands) != 2 || !strings.Contains(commands[0]+commands[1], "--resource-type Subnet --resource-ids "+subnets[1]+" ") {
		t.Fatalf("%q", commands)
	}
	for _, c := range commands {
		out := run("sh", "-c", c)
		var made struct {
			FlowLogIDs   []string `json:"FlowLogIds"`
			Unsuccessful []any
		}
		if err := json.Unmarshal([]byte(out), &made); err != nil || len(made.FlowLogIDs) != 1 || len(made.Unsuccessful) > 0 {
			t.Errorf("%s: %v %s", c, err, out)
		}
	}
	if left := look(exitOK); len(left) > 0 {
		t.Errorf("still to do: %q", left)
	}
}
