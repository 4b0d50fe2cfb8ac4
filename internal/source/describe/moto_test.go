package describe

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"weir/internal/netmodel"
	"weir/internal/source/s3"
	"weir/internal/source/sourcetest"
)

// testAccess is a login that needs nothing of the machine.
func testAccess(endpoint string) s3.Access {
	return s3.Access{
		EndpointURL: endpoint, MaxAttempts: 1,
		Env: map[string]string{"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-west-1"},
	}
}

// needs are the options that the CLI must be given for what weir asks for, by operation.
// ID is what it is asked about.
var needs = map[string][]string{
	"get-managed-prefix-list-entries":              {"--prefix-list-id", "ID"},
	"get-transit-gateway-route-table-associations": {"--transit-gateway-route-table-id", "ID"},
	"get-transit-gateway-route-table-propagations": {"--transit-gateway-route-table-id", "ID"},
	"search-transit-gateway-routes":                {"--transit-gateway-route-table-id", "ID", "--filters", "Name=state,Values=active,blackhole"},
	"describe-listeners":                           {"--load-balancer-arn", "ID"},
	"describe-rules":                               {"--listener-arn", "ID"},
	"describe-load-balancer-attributes":            {"--load-balancer-arn", "ID"},
	"describe-target-health":                       {"--target-group-arn", "ID"},
	"describe-target-group-attributes":             {"--target-group-arn", "ID"},
	"describe-cache-clusters":                      {"--show-cache-node-info"},
}

// arns returns the ARNs in documents, by the names that files about them have.
func arns(docs []Document) map[string]string {
	out := map[string]string{}
	for _, d := range docs {
		for _, arn := range balancerARN.FindAllSubmatch(d.Data, -1) {
			out[strings.ReplaceAll(string(arn[1]), "/", "-")] = string(arn[0])
		}
	}
	return out
}

var balancerARN = regexp.MustCompile(`arn:aws:elasticloadbalancing:[^"]*:((?:loadbalancer|listener|targetgroup)/[^"]*)`)

// besides are the members by which documents say of what they are, where the CLI does not.
var besides = map[string]string{
	"describe-target-health": "TargetGroupArn", "describe-target-group-attributes": "TargetGroupArn", "describe-load-balancer-attributes": "LoadBalancerArn",
}

// save writes documents below a folder.
func save(t *testing.T, dir string, docs []Document) {
	t.Helper()
	for _, d := range docs {
		name := filepath.Join(dir, filepath.FromSlash(d.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, d.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// printed is what the CLI did.
type printed struct {
	Code     int
	Out, Err string
}

// cli runs the AWS CLI for each command, in one process: starting it takes a second.
func cli(t *testing.T, python, endpoint, region string, commands [][]string) []printed {
	t.Helper()
	var in bytes.Buffer
	for _, c := range commands {
		line, err := json.Marshal(append([]string{"--endpoint-url", endpoint, "--region", region, "--output", "json"}, c...))
		if err != nil {
			t.Fatal(err)
		}
		in.Write(append(line, '\n'))
	}
	cmd := exec.CommandContext(t.Context(), python, "testdata/cli.py")
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b", "AWS_MAX_ATTEMPTS=1", "AWS_CONFIG_FILE="+os.DevNull)
	cmd.Stdin = &in
	var talk bytes.Buffer
	cmd.Stderr = &talk
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the AWS CLI: %v: %s", err, talk.String())
	}
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	if len(lines) != len(commands) {
		t.Fatalf("%d answers of the AWS CLI to %d commands", len(lines), len(commands))
	}
	answers := make([]printed, len(lines))
	for i, line := range lines {
		if err := json.Unmarshal(line, &answers[i]); err != nil {
			t.Fatal(err)
		}
	}
	return answers
}

// values returns JSON with times as moments, which versions of the CLI print in several
// ways.
func values(t *testing.T, data []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return moments("", v)
}

// timed are the keys of times, and clocks those whose time moto makes up anew each time.
var (
	timed  = regexp.MustCompile(`(Time|Timestamp|Date)$`)
	clocks = []string{"LatestRestorableTime"}
)

func moments(key string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			if v[k] = moments(k, v[k]); slices.Contains(clocks, k) {
				v[k] = "now"
			}
		}
	case []any:
		for i := range v {
			v[i] = moments(key, v[i])
		}
	case string:
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} { // without a zone: UTC
			if at, err := time.Parse(layout, v); err == nil && timed.MatchString(key) {
				return at.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano)
			}
		}
	}
	return v
}

// TestNetworkMoto asks moto for networks of two regions, and compares each answer of the
// first with what the AWS CLI prints of it, and the definitions that are read from both.
func TestNetworkMoto(t *testing.T) {
	python := sourcetest.Python(t, "awscli", "boto3")
	endpoint := sourcetest.StartMoto(t)
	regions := []string{"eu-west-1", "us-west-2"}
	for _, region := range regions {
		if out, err := exec.CommandContext(t.Context(), python, "testdata/network.py", endpoint, region).CombinedOutput(); err != nil {
			t.Fatalf("network.py: %v: %s", err, out)
		}
	}
	answers, err := Network(t.Context(), Config{Access: testAccess(endpoint), Regions: regions})
	if err != nil {
		t.Fatal(err)
	}
	live, theirs := t.TempDir(), t.TempDir()
	for i, a := range answers {
		if a.Account != "123456789012" || a.Region != regions[i] {
			t.Errorf("answer of %s in %q; want 123456789012 in %s", a.Account, a.Region, regions[i])
		}
		save(t, live, a.Documents)
	}
	save(t, theirs, compareCLI(t, python, endpoint, &answers[0], arns(answers[0].Documents)))
	first := compareNetworks(t, filepath.Join(live, regions[0]), filepath.Join(theirs, regions[0]))
	both, err := netmodel.Load(live)
	if err != nil {
		t.Fatal(err)
	}
	if len(both.VPCs) != 2*len(first.VPCs) || len(both.SecurityGroups) != 2*len(first.SecurityGroups) {
		t.Errorf("%d VPCs of two regions, and %d of one of them", len(both.VPCs), len(first.VPCs))
	}
}

// compareCLI compares all answers with what the CLI prints, and returns that. What is
// missing must fail there too.
func compareCLI(t *testing.T, python, endpoint string, a *Answer, arns map[string]string) []Document {
	t.Helper()
	var commands [][]string
	for _, d := range a.Documents {
		parts := strings.Split(strings.TrimSuffix(d.Name, ".json"), "/")
		command := []string{parts[1], parts[2]}
		for _, arg := range needs[parts[2]] {
			if arg == "ID" {
				if arg = parts[3]; arns[arg] != "" {
					arg = arns[arg]
				}
			}
			command = append(command, arg)
		}
		commands = append(commands, command)
	}
	for _, m := range a.Missing {
		commands = append(commands, strings.Fields(m.Operation))
	}
	answers := cli(t, python, endpoint, a.Region, commands)
	var docs []Document
	for i, d := range a.Documents {
		if answers[i].Code != 0 {
			t.Errorf("aws %v: %s", commands[i], answers[i].Err)
			continue
		}
		docs = append(docs, Document{Name: d.Name, Data: []byte(answers[i].Out)})
		if member := besides[commands[i][1]]; member != "" {
			docs[i].Data = bytes.Replace(docs[i].Data, []byte("{"), fmt.Appendf(nil, `{%q: %q,`, member, commands[i][3]), 1)
		}
		if diff := cmp.Diff(values(t, docs[i].Data), values(t, d.Data)); diff != "" {
			t.Errorf("%s (-CLI +weir):\n%s", d.Name, diff)
		}
	}
	for i, m := range a.Missing {
		if answers[len(a.Documents)+i].Code == 0 {
			t.Errorf("the CLI has an answer for what is missing: %s", m)
		}
	}
	t.Logf("%s: %d answers agree with the CLI's, %d are missing for both", a.Region, len(docs), len(a.Missing))
	return docs
}

// compareNetworks compares what two folders define, and returns it.
func compareNetworks(t *testing.T, live, theirs string) *netmodel.Network {
	t.Helper()
	want, err := netmodel.Load(theirs)
	if err != nil {
		t.Fatal(err)
	}
	got, err := netmodel.Load(live)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Network, got.Network, cmpopts.EquateComparable(netip.Prefix{}, netip.Addr{})); diff != "" {
		t.Errorf("definition (-CLI +weir):\n%s", diff)
	}
	if len(got.VPCs) < 2 || len(got.Subnets) < 2 || len(got.Interfaces) < 3 || len(got.SecurityGroups) < 3 || len(got.NetworkACLs) < 2 {
		t.Errorf("a definition with too little in it: %d VPCs, %d ENIs", len(got.VPCs), len(got.Interfaces))
	}
	return got.Network
}
