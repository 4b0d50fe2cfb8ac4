package s3

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/google/go-cmp/cmp"

	"weir/internal/source"
)

// cleanEnv takes all AWS_ variables and the home folder from this process, so
// that nothing of the machine is found.
func cleanEnv(t *testing.T) {
	t.Helper()
	for _, e := range os.Environ() {
		if name, _, _ := strings.Cut(e, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
			os.Unsetenv(name)
		}
	}
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "absent"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "absent"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

// home writes a home folder with shared configuration.
func home(t *testing.T, config, credentials string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, ".aws"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"config": config, "credentials": credentials} {
		if err := os.WriteFile(filepath.Join(dir, ".aws", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// found is what a login came to.
type found struct {
	Key, Secret, Token, Region, Endpoint string
}

func login(t *testing.T, a Access) (found, error) {
	t.Helper()
	l, err := a.Login(t.Context(), "S3")
	if err != nil {
		return found{}, err
	}
	c, err := l.Config.Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return found{c.AccessKeyID, c.SecretAccessKey, c.SessionToken, l.Config.Region, l.Endpoint}, nil
}

// TestLogin asks for the same once as its own environment and once as another
// process's, where a server's own must not come through.
func TestLogin(t *testing.T) {
	const (
		profiles = "[default]\nregion = eu-north-1\n" +
			"[profile work]\nregion = eu-west-3\nendpoint_url = http://all.example:1\n" +
			"[profile lab]\nservices = local\n[services local]\ns3 =\n  endpoint_url = http://s3.example:2\n"
		keysFile = "[default]\naws_access_key_id = DEFAULT\naws_secret_access_key = d\n" +
			"[work]\naws_access_key_id = WORK\naws_secret_access_key = w\n" +
			"[lab]\naws_access_key_id = LAB\naws_secret_access_key = l\naws_session_token = t\n"
	)
	dir := home(t, profiles, keysFile)
	keys := map[string]string{"AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "e", "AWS_SESSION_TOKEN": "s"}
	with := func(more ...string) map[string]string {
		m := maps.Clone(keys)
		for i := 0; i < len(more); i += 2 {
			m[more[i]] = more[i+1]
		}
		return m
	}
	tests := []struct {
		name   string
		access Access
		env    map[string]string
		want   found
	}{
		{"nothing said", Access{}, nil, found{"DEFAULT", "d", "", "eu-north-1", ""}},
		{"keys in the environment", Access{}, keys, found{"ENV", "e", "s", "eu-north-1", ""}},
		{"keys before the environment's profile", Access{}, with("AWS_PROFILE", "work"), found{"ENV", "e", "s", "eu-west-3", "http://all.example:1"}},
		{"a profile before the keys", Access{Profile: "work"}, keys, found{"WORK", "w", "", "eu-west-3", "http://all.example:1"}},
		{"the environment's profile", Access{}, map[string]string{"AWS_PROFILE": "lab"}, found{"LAB", "l", "t", "", "http://s3.example:2"}},
		{"region of the environment", Access{}, map[string]string{"AWS_REGION": "sa-east-1"}, found{"DEFAULT", "d", "", "sa-east-1", ""}},
		{"region given", Access{Region: "us-west-2"}, map[string]string{"AWS_REGION": "sa-east-1"}, found{"DEFAULT", "d", "", "us-west-2", ""}},
		{
			"endpoint of the environment",
			Access{Profile: "work"},
			map[string]string{"AWS_ENDPOINT_URL": "http://env.example", "AWS_ENDPOINT_URL_EC2": "http://ec2.example"},
			found{"WORK", "w", "", "eu-west-3", "http://env.example"},
		},
		{
			"endpoint of the service",
			Access{},
			map[string]string{"AWS_ENDPOINT_URL": "http://env.example", "AWS_ENDPOINT_URL_S3": "http://s3.example"},
			found{"DEFAULT", "d", "", "eu-north-1", "http://s3.example"},
		},
		{
			"endpoints ignored",
			Access{Profile: "work"},
			map[string]string{"AWS_ENDPOINT_URL": "http://env.example", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
			found{"WORK", "w", "", "eu-west-3", ""},
		},
		{
			"endpoint given",
			Access{EndpointURL: "https://given.example"},
			map[string]string{"AWS_ENDPOINT_URL_S3": "http://s3.example"},
			found{"DEFAULT", "d", "", "eu-north-1", "https://given.example"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cleanEnv(t)
			t.Setenv("AWS_CONFIG_FILE", filepath.Join(dir, ".aws", "config"))
			t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(dir, ".aws", "credentials"))
			for k, v := range tt.env {
				t.Setenv(k, v)
			}
			got, err := login(t, tt.access)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("own environment (-want +got):\n%s", diff)
			}
		})
		t.Run(tt.name+", for another process", func(t *testing.T) {
			cleanEnv(t)
			for k, v := range map[string]string{
				"AWS_ACCESS_KEY_ID": "SERVER", "AWS_SECRET_ACCESS_KEY": "server", "AWS_SESSION_TOKEN": "server", "AWS_PROFILE": "server",
				"AWS_REGION": "ca-central-1", "AWS_ENDPOINT_URL": "http://server.example", "AWS_ENDPOINT_URL_S3": "http://server.example",
			} {
				t.Setenv(k, v)
			}
			tt.access.Env = map[string]string{"HOME": dir}
			maps.Copy(tt.access.Env, tt.env)
			got, err := login(t, tt.access)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoginFaults(t *testing.T) {
	cleanEnv(t)
	dir := home(t, "[profile sso]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = r\n"+
		"[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.example/start\n"+
		"[profile dangling]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = nobody\n", "")
	off := map[string]string{"HOME": dir, "AWS_EC2_METADATA_DISABLED": "true"}
	tests := []struct {
		name   string
		access Access
		want   source.Code
		text   string
	}{
		{"nothing anywhere", Access{}, source.NoCredentials, "cannot get AWS credentials: no credentials"},
		{"nothing in another process", Access{Env: off}, source.NoCredentials, "cannot get AWS credentials: no credentials"},
		{"unknown profile", Access{Profile: "typo"}, source.NoCredentials, "profile typo: no credentials: there is no such profile"},
		{"unknown profile in another process", Access{Profile: "typo", Env: off}, source.NoCredentials, "profile typo: no credentials: there is no such profile"},
		{"role without its source", Access{Profile: "dangling", Env: off}, source.NoCredentials, "arn:aws:iam::111122223333:role/r"},
		{"endpoint without a scheme", Access{EndpointURL: "s3.example.org"}, source.Other, `"s3.example.org" does not begin with http`},
		{"endpoint with a password", Access{EndpointURL: "https://user:hunter2@s3.example.org"}, source.Other, "it has a user name or password in it"},
		{
			"container address on the network",
			Access{Env: map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/x"}},
			source.BadCredentials, "neither https nor an address of this machine",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.access.Login(t.Context(), "S3")
			var f *source.Fault
			if !errors.As(err, &f) || f.Code != tt.want || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("error %v; want %q and %q", err, tt.want, tt.text)
			}
			if strings.Contains(fmt.Sprint(err), "hunter2") {
				t.Errorf("error %v shows the password", err)
			}
		})
	}
}

// TestLoginDoesNotReadOwnFiles asks for a process that has neither a home folder
// nor files: weir's own must not serve it.
func TestLoginDoesNotReadOwnFiles(t *testing.T) {
	cleanEnv(t)
	own := filepath.Join(home(t, "", "[default]\naws_access_key_id = OWN\naws_secret_access_key = o\n"), ".aws", "credentials")
	os.Unsetenv("AWS_CONFIG_FILE") // cleanEnv restores them
	os.Unsetenv("AWS_SHARED_CREDENTIALS_FILE")
	before := config.DefaultSharedCredentialsFiles
	config.DefaultSharedCredentialsFiles = []string{own}
	t.Cleanup(func() { config.DefaultSharedCredentialsFiles = before })
	got, err := login(t, Access{Env: map[string]string{"AWS_EC2_METADATA_DISABLED": "true"}})
	wantCode(t, err, source.NoCredentials)
	if got.Key != "" {
		t.Errorf("login %+v; want none", got)
	}
}

// TestLoginContainer gets credentials as a pod on EKS does.
func TestLoginContainer(t *testing.T) {
	cleanEnv(t)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "token of the pod" {
			http.Error(w, "{}", http.StatusUnauthorized)
			return
		}
		_, _ = io.WriteString(w, `{"AccessKeyId":"POD","SecretAccessKey":"p","Token":"t","Expiration":"2099-01-01T00:00:00Z"}`)
	}))
	t.Cleanup(srv.Close)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("token of the pod"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := login(t, Access{Env: map[string]string{
		"AWS_CONTAINER_CREDENTIALS_FULL_URI": srv.URL, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": token,
	}})
	if err != nil {
		t.Fatal(err)
	}
	if want := (found{"POD", "p", "t", "", ""}); got != want {
		t.Errorf("login %+v; want %+v", got, want)
	}
}

// TestCredentialsEndInTheMiddle lets the container's credentials run out between
// the login and the listing.
func TestCredentialsEndInTheMiddle(t *testing.T) {
	cleanEnv(t)
	asked := 0
	container := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked > 1 {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"code":"AccessDenied","message":"the role is gone"}`)
			return
		}
		_, _ = io.WriteString(w, `{"AccessKeyId":"POD","SecretAccessKey":"p","Token":"t","Expiration":"2020-01-01T00:00:00Z"}`)
	}))
	t.Cleanup(container.Close)
	access := Access{
		EndpointURL: "http://127.0.0.1:9", Region: "eu-west-1", MaxAttempts: 1,
		Env: map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": container.URL},
	}
	s, err := New(t.Context(), Config{Access: access, Bucket: testBucket})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.List(t.Context(), source.Selection{}, none)
	wantCode(t, err, source.NoCredentials)
	if text := err.Error(); !strings.HasPrefix(text, "cannot get AWS credentials: ") || !strings.Contains(text, "the role is gone") {
		t.Errorf("error %q; want one about the credentials, with the reason", text)
	}
}

func TestNoSignRequest(t *testing.T) {
	cleanEnv(t)
	for _, env := range []map[string]string{nil, {}} {
		var authorization []string
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			authorization = append(authorization, r.Header.Get("Authorization"))
			refuse(w, 403, "AccessDenied", "Access Denied", "")
		}))
		t.Cleanup(srv.Close)
		s, err := New(t.Context(), Config{Access: Access{EndpointURL: srv.URL, NoSignRequest: true, Env: env}, Bucket: testBucket})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.List(t.Context(), source.Selection{}, none)
		if f := wantCode(t, err, source.Denied); !strings.Contains(f.Hint, "not public") {
			t.Errorf("hint %q", f.Hint)
		}
		if diff := cmp.Diff([]string{"", ""}, authorization); diff != "" {
			t.Errorf("authorization (-want +got):\n%s", diff)
		}
	}
}

func TestPathStyle(t *testing.T) {
	tests := map[string]bool{
		"":                                false,
		"http://127.0.0.1:9000":           true,
		"http://[::1]:9000":               true,
		"http://localhost:9000":           true,
		"http://minio:9000":               true,
		"https://s3.example.org":          false,
		"https://vpce-1.s3.amazonaws.com": false,
	}
	for endpoint, want := range tests {
		if got := needsPathStyle(endpoint); got != want {
			t.Errorf("needsPathStyle(%q) = %v; want %v", endpoint, got, want)
		}
	}
}

// testMotoRole assumes a role through a profile, in a chain of two, with STS.
func testMotoRole(t *testing.T, access Access) {
	cleanEnv(t)
	t.Setenv("AWS_ENDPOINT_URL_STS", access.EndpointURL)
	dir := home(t, "[profile base]\nregion = us-east-1\n"+
		"[profile first]\nrole_arn = arn:aws:iam::111122223333:role/first\nsource_profile = base\nregion = us-east-1\n"+
		"[profile second]\nrole_arn = arn:aws:iam::444455556666:role/second\nsource_profile = first\nregion = us-east-1\n",
		"[base]\naws_access_key_id = BASE\naws_secret_access_key = b\n")
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("web identity"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, a := range map[string]Access{
		"chain": {Profile: "second", Env: map[string]string{"HOME": dir}},
		"web identity": {Env: map[string]string{
			"AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/pod", "AWS_REGION": "us-east-1",
			"AWS_ENDPOINT_URL_STS": access.EndpointURL,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			a.EndpointURL = access.EndpointURL
			got, err := login(t, a)
			if err != nil {
				t.Fatal(err)
			}
			if got.Key == "" || got.Key == "BASE" || got.Token == "" {
				t.Errorf("login %+v; want temporary credentials", got)
			}
			s, err := New(t.Context(), Config{Access: a, Bucket: testBucket})
			if err != nil {
				t.Fatal(err)
			}
			if l, err := s.List(t.Context(), source.Selection{}, none); err != nil || l.Objects == 0 {
				t.Errorf("listed %d objects, %v", l.Objects, err)
			}
		})
	}
}
