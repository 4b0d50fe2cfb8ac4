package lab

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/accesskey"
)

// TestCredentials makes a key, which is the one that the server knows, in a file that is its owner's alone.
func TestCredentials(t *testing.T) {
	s := &state{Dir: t.TempDir(), Started: time.Unix(1796029442, 0)}
	if _, err := s.credentials(); err == nil {
		t.Error("there are some before there is a key")
	}
	if err := os.Mkdir(s.path(dataFolder), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := s.createKey(); err != nil {
		t.Fatal(err)
	}
	got, err := s.credentials()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := accesskey.List(s.path(dataFolder))
	if err != nil || len(keys) != 1 || keys[0].ID != got.AccessKeyID || got.SecretAccessKey == "" || got.Region != "us-east-1" {
		t.Errorf("%+v %+v %v", got, keys, err)
	}
	if info, err := os.Stat(s.path(credentialsFile)); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
}

// TestClientJSON holds the keys of JSON that others read.
func TestClientJSON(t *testing.T) {
	got, err := json.Marshal(struct {
		E *Endpoints
		C Credentials
	}{endpointsOf("127.0.0.1:8787"), Credentials{"id", "secret", "us-east-1"}})
	if err != nil {
		t.Fatal(err)
	}
	var out struct{ E, C map[string]string }
	if err := json.Unmarshal(got, &out); err != nil {
		t.Fatal(err)
	}
	const url = "http://127.0.0.1:8787"
	if diff := cmp.Diff(map[string]string{"aws_access_key_id": "id", "aws_secret_access_key": "secret", "aws_region": "us-east-1"}, out.C); diff != "" {
		t.Error(diff)
	}
	for _, service := range []string{"cloudwatch", "logs", "athena", "sns", "ec2", "sts"} {
		if out.E[service] != url {
			t.Errorf("%s: %q", service, out.E[service])
		}
	}
	if out.E["console"] != url+"/" {
		t.Error(out.E)
	}
}
