package cli

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/app"
	"weir/internal/notify"
	"weir/internal/source/sourcetest"
)

// watched are the services of what clients do to be told of something, by the name in signatures, with their headings in the page.
var watched = map[string]string{"monitoring": cloudwatchService, "sns": snsService, "ec2": ec2Service}

// watchServer is a server that may send messages to this machine, with what notes the calls of a client and what receives messages.
type watchServer struct {
	*awsServer
	*recorder
	endpoint *endpoint
}

// serveWatch serves an empty data directory.
func serveWatch(t *testing.T) *watchServer {
	t.Helper()
	s := serveAWS(t, app.ServeOptions{Account: "123456789012", Notify: notify.Options{Allow: []string{"127.0.0.0/8"}}})
	e := newEndpoint(t, s)
	r, s := record(t, s)
	return &watchServer{s, r, e}
}

// documented compares the calls of a client with the page, and the protocol that it spoke with CloudWatch. clients are its names in
// the tables of the services. Where it compresses requests, it must have compressed a large one.
func (s *watchServer) documented(t *testing.T, protocol string, compresses bool, clients map[string]string) {
	t.Helper()
	if t.Failed() {
		return
	}
	want := map[string]map[string]bool{"monitoring": {protocol: true}, "sns": {queryProtocol: true}, "ec2": {ec2Protocol: true}}
	delete(s.protocols, "logs")
	if diff := cmp.Diff(want, s.protocols); diff != "" {
		t.Errorf("the protocols (-want +got):\n%s", diff)
	}
	if s.packed["PutMetricData"] != compresses {
		t.Errorf("compressed requests of %v", s.packed)
	}
	for scope, service := range watched {
		documented(t, service, clients[scope], s.calls[scope])
	}
}

// everywhere returns the name of a client that is one program for all services.
func everywhere(client string) map[string]string {
	return map[string]string{"monitoring": client, "sns": client, "ec2": client}
}

// TestServeWatchBoto3 has boto3 make a topic, a metric filter, an alarm, a rule of contributors and a flow log.
func TestServeWatchBoto3(t *testing.T) {
	python := sourcetest.Python(t, "boto3")
	s := serveWatch(t)
	version, _ := boto3Asked(t, exec.CommandContext(t.Context(), python, "testdata/clients/boto3_watch.py", s.url, s.key.ID, s.key.Secret, s.endpoint.url))
	s.documented(t, jsonProtocol, true, everywhere(version))
}

// TestServeWatchJavaScript has AWS's SDK for JavaScript do most of what TestServeWatchBoto3 does by boto3.
func TestServeWatchJavaScript(t *testing.T) {
	node, modules := sourcetest.Node(t, "@aws-sdk/client-cloudwatch")
	s := serveWatch(t)
	cmd := exec.CommandContext(t.Context(), node, "testdata/clients/js/watch.cjs", s.url, s.key.ID, s.key.Secret, s.endpoint.url)
	cmd.Env = append(os.Environ(), "NODE_PATH="+modules)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err != nil || len(lines) != 4 || lines[3] != "ok" {
		t.Fatalf("%v\n%s%s", err, out, &stderr)
	}
	s.documented(t, jsonProtocol, true, map[string]string{"monitoring": lines[0], "sns": lines[1], "ec2": lines[2]})
}
