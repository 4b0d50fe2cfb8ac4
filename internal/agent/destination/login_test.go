package destination

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"weir/internal/agent/config"
)

// ofAccount returns credentials that say whose they are; "" does not.
func ofAccount(account string) aws.Config {
	return aws.Config{Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret", AccountID: account}, nil
	})}
}

// TestOwner has ARNs of an account, and credentials of one. Where these do not say it, STS does.
func TestOwner(t *testing.T) {
	const identity = `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>111111111111</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`
	for _, tc := range []struct {
		credentials, endpoint string
		hosts                 string // that are asked, in order, for two deliveries
		want                  string
	}{
		{"111111111111", "", "logs.us-east-1.amazonaws.com logs.us-east-1.amazonaws.com", ""},
		{"222222222222", "", "", "Access error: the credentials are of account 222222222222, and the ARN names one of 111111111111: say the role to assume there"},
		{"222222222222", "http://logs.example.org", "", "Access error: the credentials are of account 222222222222, and the ARN names one of 111111111111: say the role to assume there"},
		{"", "", "sts.us-east-1.amazonaws.com logs.us-east-1.amazonaws.com logs.us-east-1.amazonaws.com", ""},
		{"", "http://logs.example.org", "logs.example.org logs.example.org", ""},
	} {
		l := groupAt(tc.endpoint)
		l.Delivery.Account = "111111111111"
		c := ofAccount(tc.credentials)
		var hosts []string
		c.HTTPClient = client(func(r *http.Request) (*http.Response, error) {
			hosts = append(hosts, r.URL.Host)
			if strings.HasPrefix(r.URL.Host, "sts.") {
				return answer(200, identity), nil
			}
			return answer(200, "{}"), nil
		})
		d, err := openAs(l, &c)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, got := deliver(t.Context(), t, d, item(t, l, batch(t, accepted))); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		}
		if got := strings.Join(hosts, " "); got != tc.hosts {
			t.Errorf("%s were asked, want %s", got, tc.hosts)
		}
	}
}

// TestRoles assumes a role, and another with it, before a delivery is made; whose credentials are used is in the request.
func TestRoles(t *testing.T) {
	const assumed = `<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser><Arn>arn:aws:sts::111111111111:assumed-role/r/weir-agent</Arn></AssumedRoleUser><Credentials>
		<AccessKeyId>OF-ROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`
	const denied = `<ErrorResponse><Error><Code>AccessDenied</Code><Message>User is not authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>`
	for _, tc := range []struct {
		status int
		text   string
		want   string
		asked  string
	}{
		{200, assumed, "", "as arn:aws:iam::222222222222:role/a with AKIDEXAMPLE, as arn:aws:iam::111111111111:role/b with OF-ROLE, PutRecordBatch with OF-ROLE"},
		{403, denied, "Access error: put records into flows: AccessDenied: User is not authorized to perform: sts:AssumeRole", "as arn:aws:iam::222222222222:role/a with AKIDEXAMPLE"},
	} {
		l := flowLog(config.Delivery{
			Type: config.Firehose, DeliveryStream: "flows", Account: "111111111111", Role: "arn:aws:iam::222222222222:role/a", CrossAccountRole: "arn:aws:iam::111111111111:role/b",
		})
		c := ofAccount("333333333333")
		var asked []string
		c.HTTPClient = client(func(r *http.Request) (*http.Response, error) {
			_, who, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
			who, _, _ = strings.Cut(who, "/")
			if err := r.ParseForm(); err == nil && r.Form.Get("Action") == "AssumeRole" {
				if name := r.Form.Get("RoleSessionName"); name != "weir-agent" {
					t.Errorf("a session named %s", name)
				}
				asked = append(asked, "as "+r.Form.Get("RoleArn")+" with "+who)
				return answer(tc.status, tc.text), nil
			}
			_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
			asked = append(asked, operation+" with "+who)
			return answer(200, `{"FailedPutCount":0}`), nil
		})
		d, err := openAs(l, &c)
		if err != nil {
			t.Fatal(err)
		}
		_, got := deliver(t.Context(), t, d, item(t, l, batch(t, accepted)))
		if all := strings.Join(asked, ", "); got != tc.want || all != tc.asked {
			t.Errorf("%s after %s,\nwant %s after %s", got, all, tc.want, tc.asked)
		}
	}
}

// TestOpen reads AWS's shared configuration: a profile's credentials, one that does not exist, and none at all.
func TestOpen(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "credentials")
	if err := os.WriteFile(file, []byte("[other]\naws_access_key_id = OF-PROFILE\naws_secret_access_key = s\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", file)
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(dir, "none"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	var who string
	o, _ := newObjects(t)
	url := server(t, func(w http.ResponseWriter, r *http.Request) {
		_, who, _ = strings.Cut(r.Header.Get("Authorization"), "Credential=")
		who, _, _ = strings.Cut(who, "/")
		o.serve(w, r)
	})
	for _, tc := range []struct {
		profile   string
		anonymous bool
		want, who string
	}{
		{profile: "other", who: "OF-PROFILE"},
		{anonymous: true},
		{profile: "none", want: "fl-1: AWS's shared configuration: failed to get shared config profile, none"},
		{want: "Access error: look for "},
	} {
		who = ""
		l := atEndpoint(url)
		l.Delivery.Profile, l.Delivery.NoSignRequest = tc.profile, tc.anonymous
		d, err := Open(l)
		if err == nil {
			_, err = d.Deliver(t.Context(), item(t, l, batch(t, accepted)))
		}
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tc.want)) || who != tc.who {
			t.Errorf("%+v: as %s: %v", tc, who, err)
		}
	}
	if d, err := openAs(flowLog(config.Delivery{Type: "fax"}), &keys); err == nil {
		t.Errorf("%v", d)
	}
	l := flowLog(config.Delivery{Type: config.S3, Bucket: "b", Endpoint: "http://127.0.0.1:1"})
	_, err := open(t, l).Deliver(t.Context(), item(t, l, batch(t, accepted)))
	if f, ok := errors.AsType[*Failure](err); !ok || f.Class != UnknownError || unanswered(err) {
		t.Errorf("nobody listens: %v", err)
	}
}
