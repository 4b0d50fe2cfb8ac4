package cli

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/accesskey"
	"weir/internal/app"
	"weir/internal/notify"
)

// TestTerraformServe has Terraform make, read, change and delete what a server keeps: apply, a plan in which nothing is left to do, apply with
// other tags, and destroy, after which nothing is there.
func TestTerraformServe(t *testing.T) {
	plugins := terraformPlugins(t)
	t.Parallel() // the provider takes its time to start
	s, dir := serveAWS(t, app.ServeOptions{Notify: notify.Options{Allow: []string{"127.0.0.1"}}}), t.TempDir()
	hook := confirming(t)
	key, err := accesskey.Create(s.data, "terraform", "", []string{"logs:*", "ec2:*", "cloudwatch:*", "sns:*"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	vars, err := json.Marshal(object{"endpoint": s.url, "key": key.ID, "secret": key.Secret, "hook": hook})
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "terraform.tfvars.json"), vars, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	write := func(change func(text string) string) {
		files, err := filepath.Glob(filepath.Join("testdata", "terraform-serve", "*.tf"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%d files: %v", len(files), err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, filepath.Base(f)), []byte(change(string(text))), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	apply := func() { terraform(t, dir, "apply", "-no-color", "-input=false", "-auto-approve") }

	write(func(text string) string { return text })
	terraform(t, dir, "init", "-no-color", "-input=false", "-plugin-dir="+plugins)
	apply()
	// A plan in which something is left to do ends with 2, which fails the test.
	terraform(t, dir, "plan", "-no-color", "-input=false", "-detailed-exitcode")
	var outputs map[string]struct{ Value string }
	unmarshal(t, string(terraform(t, dir, "output", "-json")), &outputs)
	if got := outputs["arn"].Value; got != "arn:aws:iam::"+app.DefaultAccount+":user/terraform" {
		t.Errorf("the provider is %s", got)
	}
	if diff := cmp.Diff(resources(t, dir), terraformMade(t, dir)); diff != "" {
		t.Error(diff)
	}
	write(func(text string) string { return strings.ReplaceAll(text, `"network"`, `"security"`) })
	apply()
	terraform(t, dir, "destroy", "-no-color", "-input=false", "-auto-approve")
	if left := terraformMade(t, dir); len(left) > 0 {
		t.Errorf("left %v", left)
	}
	if groups := s.done(t, "DescribeLogGroups", object{"logGroupNamePrefix": "/vpc/"})["logGroups"]; len(groups.([]any)) > 0 {
		t.Errorf("left %v", groups)
	}
}

// confirming serves an endpoint that confirms its subscription, which Terraform calls auto-confirming, but below /person, and returns its URL.
func confirming(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var message struct{ Type, SubscribeURL string }
		if err := json.NewDecoder(r.Body).Decode(&message); err != nil || message.Type != "SubscriptionConfirmation" {
			t.Errorf("the endpoint got %+v, %v", message, err)
			return
		}
		if r.URL.Path == "/person" {
			return
		}
		answer, err := http.Get(message.SubscribeURL)
		if err != nil {
			t.Error(err)
			return
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Errorf("the confirmation is answered %s", answer.Status)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// terraformMade returns the addresses of what Terraform manages.
func terraformMade(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	for line := range strings.Lines(string(terraform(t, dir, "state", "list"))) {
		if address := strings.TrimSpace(line); !strings.HasPrefix(address, "data.") {
			out = append(out, address)
		}
	}
	return out
}

// resources returns the addresses of the resources that files of Terraform have.
func resources(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range resourceBlock.FindAllSubmatch(text, -1) {
			out = append(out, string(m[1])+"."+string(m[2]))
		}
	}
	slices.Sort(out)
	return out
}

var resourceBlock = regexp.MustCompile(`(?m)^resource "(\w+)" "(\w+)"`)
