package cli

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/source/sourcetest"
)

// TestNetworkImportLive imports the default VPCs of two regions of moto, and then what was
// saved of them: that is the same.
func TestNetworkImportLive(t *testing.T) {
	awsEnv(t, "AKIDEXAMPLE", "secret")
	t.Setenv("AWS_MAX_ATTEMPTS", "1") // moto answers calls that it does not have with 500
	t.Setenv("AWS_ENDPOINT_URL", sourcetest.StartMoto(t))
	data, saved := t.TempDir(), filepath.Join(t.TempDir(), "net")
	live := []string{"--data", data, "network", "import", "--live", "--region", "eu-west-1", "--region", "us-west-2", "--save", saved}
	a := call(t.Context(), live...)
	if a.Code != exitPartial {
		t.Fatalf("%+v; want exit code %d, since moto does not have all calls", a, exitPartial)
	}
	for _, want := range []string{
		`(?m)^not answered: ec2 describe-vpc-block-public-access-options in us-west-2: the service answered with status 500$`,
		`(?m)^weir: \d+ answers in .*net$`,
	} {
		if !regexp.MustCompile(want).MatchString(a.Err) {
			t.Errorf("stderr %s; want %s", a.Err, want)
		}
	}
	if strings.Contains(a.Err, "left out") {
		t.Errorf("what AWS answers is not understood: %s", a.Err)
	}
	for _, want := range []string{`(?m)^123456789012 +eu-west-1 +1 +VPCs +1`, `(?m)^123456789012 +us-west-2 +2 +VPCs +1`} {
		if !regexp.MustCompile(want).MatchString(a.Out) {
			t.Errorf("stdout %s; want %s", a.Out, want)
		}
	}
	files := readTree(t, saved)
	for _, name := range []string{"eu-west-1/ec2/describe-vpcs.json", "us-west-2/elbv2/describe-load-balancers.json"} {
		if files[name] == nil {
			t.Errorf("%s was not saved", name)
		}
	}

	again := mustCall(t, "--data", data, "network", "import", saved, "--account", "123456789012")
	for _, region := range []string{"eu-west-1", "us-west-2"} {
		if !strings.Contains(again, "123456789012 "+region+": nothing changed") {
			t.Errorf("what was saved is not what was imported: %s", again)
		}
	}

	if a = call(t.Context(), live...); a.Code != exitUsage || !strings.Contains(a.Err, "net is not empty") {
		t.Errorf("into a folder with files: %+v", a)
	}
	a = call(t.Context(), "--data", t.TempDir(), "network", "import", "--live", "--json")
	var report struct {
		Places     []struct{ Account, Region string }
		Unanswered []struct{ Region, Operation, Why string }
	}
	if err := json.Unmarshal([]byte(a.Out), &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Places) != 1 || report.Places[0].Region != "us-east-1" {
		t.Errorf("places %v; want the environment's region", report.Places)
	}
	var calls []string
	for _, u := range report.Unanswered {
		calls = append(calls, u.Operation)
	}
	if !slices.Contains(calls, "ec2 describe-vpc-block-public-access-exclusions") {
		t.Errorf("not answered: %v", calls)
	}
}

// TestNetworkImportLiveUsage refuses flags and arguments that do not go together, before AWS
// is asked.
func TestNetworkImportLiveUsage(t *testing.T) {
	awsEnv(t, "AKIDEXAMPLE", "secret")
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
	got := map[string]string{}
	want := map[string]string{
		"net --live":                                   "weir: --live asks AWS: no folder or file is read with it",
		"--live --account 111122223333":                "weir: --account is for files: --live asks whose login it is",
		"--live --at 2026-03-01":                       "weir: --at is for files: --live takes what is in force now",
		"--live --region eu":                           `weir: --region: "eu" is no region such as us-east-1`,
		"--live --region eu-west-1 --region eu-west-1": "weir: --region: eu-west-1 is given twice",
		"net --region eu-west-1 --region eu-west-2":    "weir: --region: the answers in files are of one region; without it weir finds the region of each",
		"net --save x":                                 "weir: --save is for --live",
		"net --profile x":                              "weir: --profile is for --live",
		"net --endpoint-url http://127.0.0.1:9":        "weir: --endpoint-url is for --live",
	}
	for args := range want {
		a := call(t.Context(), append([]string{"--data", t.TempDir(), "network", "import"}, strings.Fields(args)...)...)
		got[args], _, _ = strings.Cut(a.Err, "\n")
		if a.Code != exitUsage {
			t.Errorf("%s: exit code %d", args, a.Code)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
