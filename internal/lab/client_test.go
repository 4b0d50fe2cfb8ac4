package lab

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestClientJSON holds the keys of JSON that others read.
func TestClientJSON(t *testing.T) {
	a := &AWS{Endpoint: "http://127.0.0.1:8787", S3: "http://127.0.0.1:9000", Receiver: "http://127.0.0.1:9001/", Region: "us-east-1"}
	if got := a.credentials(); got != nil {
		t.Errorf("credentials of who may not read them: %+v", got)
	}
	a.KeyID, a.Secret = "id", "secret"
	got, err := json.Marshal(struct {
		E *Endpoints
		C Credentials
	}{endpointsOf(a), *a.credentials()})
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
	if out.E["console"] != url+"/" || out.E["s3"] != a.S3 || out.E["receiver"] != a.Receiver {
		t.Error(out.E)
	}
}
