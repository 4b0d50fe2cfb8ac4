package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/accesskey"
	"weir/internal/agent/config"
	"weir/internal/netmodel"
)

// TestDeliveries has the agent's config be one that it takes, with S3 and without.
func TestDeliveries(t *testing.T) {
	d := defaultLab(t)
	for _, tc := range []struct {
		s    state
		want []string
	}{
		{state{Dir: "/lab", Listen: "127.0.0.1:18787", Every: 5 * time.Second}, []string{
			"fl-lab /lab/records  5s 26",
			"fl-lab2 /lab/records  5s 26",
			"fl-lab3 /lab/records  5s 26",
			"fl-labgroup /weir-lab/flow-logs http://127.0.0.1:8787 5s 14",
		}},
		{state{Dir: "/lab", Listen: "127.0.0.1:18787", S3: "127.0.0.1:41000"}, []string{
			"fl-lab /lab/records  1m0s 26",
			"fl-lab2 /lab/records  1m0s 26",
			"fl-lab3 /lab/records  1m0s 26",
			"fl-labbucket s3://weir-lab-flow-logs http://127.0.0.1:9000 1m0s 14",
			"fl-labgroup /weir-lab/flow-logs http://127.0.0.1:8787 1m0s 14",
		}},
	} {
		c, err := config.Read("/lab/agent.yaml", agentConfig(d, &tc.s))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i := range c.FlowLogs {
			l := &c.FlowLogs[i]
			got = append(got, fmt.Sprintf("%s %s %s %v %d", l.ID, l.Destination, l.Delivery.Endpoint, l.Interval, l.Format.Len()))
		}
		slices.Sort(got)
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Error(diff)
		}
	}
}

// TestCredentials has the key be one of the lab's weir serve, and root's alone.
func TestCredentials(t *testing.T) {
	s := &state{Dir: t.TempDir(), Listen: "127.0.0.1:18787", Receiver: "127.0.0.1:41001"}
	if err := os.Mkdir(s.path(dataFolder), 0o700); err != nil {
		t.Fatal(err)
	}
	n := defaultLab(t).Network
	if a := s.aws(n); a.KeyID != "" || a.Secret != "" || a.S3 != "" || a.Bucket != "" || slices.ContainsFunc(a.environment(), func(v string) bool { return strings.HasPrefix(v, "AWS_ENDPOINT_URL_S3=") }) {
		t.Errorf("before there is a key, and without S3: %+v", a)
	}
	if err := s.keep(time.Unix(1796029442, 0)); err != nil {
		t.Fatal(err)
	}
	s.S3 = "127.0.0.1:41000"
	a := s.aws(n)
	keys, err := accesskey.List(s.path(dataFolder))
	if err != nil || len(keys) != 1 || keys[0].ID != a.KeyID || a.Secret == "" {
		t.Errorf("%+v %v %+v", keys, err, a)
	}
	info, err := os.Stat(filepath.Join(s.Dir, credentialsFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	a.KeyID, a.Secret = "", ""
	if diff := cmp.Diff(&AWS{
		Endpoint: "http://127.0.0.1:18787", S3: "http://127.0.0.1:41000", Bucket: "weir-lab-flow-logs", LogGroup: "/weir-lab/flow-logs", Account: "111122223333", Region: "eu-west-1",
		CredentialsFile: s.path("credentials"), Receiver: "http://127.0.0.1:41001/",
	}, a); diff != "" {
		t.Error(diff)
	}
	if !slices.Contains(a.environment(), "AWS_ENDPOINT_URL_S3=http://127.0.0.1:41000") {
		t.Errorf("%q", a.environment())
	}
}

// TestCleared has no key of the user's get to a lab, or be asked with there.
func TestCleared(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "mine")
	t.Setenv("AWS_PROFILE", "mine")
	if got := cleared(os.Environ()); len(got) == 0 || slices.ContainsFunc(got, func(v string) bool { return strings.HasPrefix(v, "AWS_") }) {
		t.Errorf("%q", got)
	}
}

func TestPlaces(t *testing.T) {
	for _, tc := range []struct {
		name            string
		vpcs            []netmodel.VPC
		account, region string
	}{
		{"nothing is said", []netmodel.VPC{{ID: "vpc-1"}}, "000000000000", "us-east-1"},
		{"two of a region", []netmodel.VPC{{ID: "vpc-1", Region: "eu-west-1"}, {ID: "vpc-2", Region: "eu-west-1", Account: "222222222222"}}, "222222222222", "eu-west-1"},
		{"two regions", []netmodel.VPC{{ID: "vpc-1", Region: "eu-west-1", Account: "111111111111"}, {ID: "vpc-2", Region: "eu-west-2", Account: "222222222222"}}, "111111111111", "us-east-1"},
	} {
		n := &netmodel.Network{VPCs: map[string]*netmodel.VPC{}}
		for _, v := range tc.vpcs {
			n.VPCs[v.ID] = &v
		}
		if a, r := accountOf(n), regionOf(n); a != tc.account || r != tc.region {
			t.Errorf("%s: %s %s", tc.name, a, r)
		}
	}
}

// TestLackingS3 has a lab whose S3 has ended not be whole.
func TestLackingS3(t *testing.T) {
	for _, tc := range []struct {
		s3, role string
		want     int
	}{{"", "serve", 0}, {"127.0.0.1:1", "s3", 0}, {"127.0.0.1:1", "serve", 1}} {
		if got := (&state{S3: tc.s3}).lackingS3([]Process{{1, tc.role}}); len(got) != tc.want {
			t.Errorf("%+v: %q", tc, got)
		}
	}
}
