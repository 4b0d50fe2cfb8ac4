package logs

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/awsapi/awsapitest"
	"weir/internal/source/sourcetest"
)

// TestBoto3 runs testdata/boto3_client.py.
func TestBoto3(t *testing.T) {
	python := sourcetest.Python(t, "boto3")
	t.Parallel()
	_, server := clientServer(t)
	out, err := exec.CommandContext(t.Context(), python, "testdata/boto3_client.py", server.URL, awsapitest.Key, awsapitest.Secret).CombinedOutput()
	if err != nil || string(out) != "ok\n" {
		t.Errorf("%v\n%s", err, out)
	}
}

// A cli calls the AWS CLI for a server.
type cli struct {
	t        *testing.T
	path     string
	endpoint string
}

func (c *cli) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.path, append([]string{"--endpoint-url", c.endpoint, "--region", "eu-central-1", "--output", "json", "logs"}, args...)...)
	cmd.Env = append(awsapitest.Environ(c.t), "PYTHONUNBUFFERED=1")
	return cmd
}

// run calls a command and returns what it printed.
func (c *cli) run(args ...string) (object, string) {
	c.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := c.command(c.t.Context(), args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var out object
	if stdout.Len() > 0 {
		if err := json.Unmarshal(stdout.Bytes(), &out); err != nil {
			c.t.Fatalf("%v: %v in %s", args, err, &stdout)
		}
	}
	if err != nil {
		return out, strings.TrimSpace(stderr.String())
	}
	return out, ""
}

func (c *cli) ok(args ...string) object {
	c.t.Helper()
	out, failed := c.run(args...)
	if failed != "" {
		c.t.Fatalf("aws logs %s: %s", strings.Join(args, " "), failed)
	}
	return out
}

// TestAWSCLI calls the operations with the AWS CLI of both versions.
func TestAWSCLI(t *testing.T) {
	if os.Getenv("WEIR_CI") != "1" && os.Getenv("WEIR_CLIENTS") != "1" {
		t.Skip("each of 50 commands takes one or two seconds: set WEIR_CLIENTS=1")
	}
	for _, version := range []string{"1", "2"} {
		t.Run("version "+version, func(t *testing.T) {
			path, _ := sourcetest.AWSCLI(t, version)
			t.Parallel()
			_, server := clientServer(t)
			c := &cli{t, path, server.URL}
			useCLI(t, c)
			if version == "2" {
				followByCLI(t, c)
			}
		})
	}
}

func useCLI(t *testing.T, c *cli) {
	now := time.Now().UnixMilli()
	equal := func(what string, got, want any) {
		t.Helper()
		if diff := cmp.Diff(fmt.Sprint(want), fmt.Sprint(got)); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	first := func(out object, list string) object {
		t.Helper()
		all, ok := out[list].([]any)
		if !ok || len(all) == 0 {
			t.Fatalf("%s: %v", list, out)
		}
		return all[0].(object)
	}
	const g, s = "/vpc/flow", "eni-1-all"
	group := []string{"--log-group-name", g}
	with := func(command string, more ...string) []string {
		return append(append([]string{command}, group...), more...)
	}
	c.ok(with("create-log-group", "--tags", "a=b")...)
	c.ok(with("create-log-stream", "--log-stream-name", s)...)
	put := c.ok(with("put-log-events", "--log-stream-name", s, "--log-events", fmt.Sprintf("timestamp=%d,message=1 ACCEPT", now), fmt.Sprintf("timestamp=%d,message=2 REJECT", now+1))...)
	equal("put-log-events", put["rejectedLogEventsInfo"], nil)
	equal("get-log-events", first(c.ok(with("get-log-events", "--log-stream-name", s)...), "events")["message"], "1 ACCEPT")
	equal("filter-log-events", first(c.ok(with("filter-log-events", "--filter-pattern", "REJECT")...), "events")["message"], "2 REJECT")
	c.ok(with("put-retention-policy", "--retention-in-days", "30")...)
	described := first(c.ok("describe-log-groups"), "logGroups")
	equal("describe-log-groups", described["retentionInDays"], 30)
	c.ok(with("delete-retention-policy")...)
	equal("describe-log-streams", first(c.ok(with("describe-log-streams", "--order-by", "LastEventTime")...), "logStreams")["lastEventTimestamp"], float64(now+1))
	arn := strings.TrimSuffix(described["arn"].(string), ":*")
	c.ok("tag-resource", "--resource-arn", arn, "--tags", "c=d")
	c.ok("untag-resource", "--resource-arn", arn, "--tag-keys", "a")
	equal("list-tags-for-resource", c.ok("list-tags-for-resource", "--resource-arn", arn)["tags"], "map[c:d]")
	query := c.ok(with("start-query", "--start-time", fmt.Sprint(now/1000), "--end-time", fmt.Sprint(now/1000+60), "--query-string", "fields @message")...)["queryId"].(string)
	results := c.ok("get-query-results", "--query-id", query) // the command takes longer than the query
	equal("get-query-results", fmt.Sprint(results["status"], " ", len(results["results"].([]any))), "Complete 2")
	waiting := c.ok(with("start-query", "--start-time", "0", "--end-time", "1", "--query-string", "wait")...)["queryId"].(string)
	equal("stop-query", c.ok("stop-query", "--query-id", waiting)["success"], true)
	equal("describe-queries", first(c.ok("describe-queries", "--status", "Cancelled"), "queries")["queryId"], waiting)
	definition := c.ok("put-query-definition", "--name", "n", "--query-string", "fields @message")["queryDefinitionId"].(string)
	equal("describe-query-definitions", first(c.ok("describe-query-definitions"), "queryDefinitions")["name"], "n")
	equal("delete-query-definition", c.ok("delete-query-definition", "--query-definition-id", definition)["success"], true)
	c.ok(with("put-metric-filter", "--filter-name", "f", "--filter-pattern", "REJECT", "--metric-transformations", "metricName=m,metricNamespace=n,metricValue=1")...)
	equal("describe-metric-filters", first(c.ok("describe-metric-filters"), "metricFilters")["filterPattern"], "REJECT")
	tested := c.ok("test-metric-filter", "--filter-pattern", "[n, action=REJECT]", "--log-event-messages", "1 ACCEPT", "2 REJECT")
	equal("test-metric-filter", first(tested, "matches"), "map[eventMessage:2 REJECT eventNumber:1 extractedValues:map[$action:REJECT $n:2]]")
	_, failed := c.run(with("create-log-group")...)
	if !strings.Contains(failed, "(ResourceAlreadyExistsException)") || !strings.HasSuffix(failed, ": The specified log group already exists") {
		t.Error(failed)
	}
}

// followByCLI runs "aws logs tail --follow", which only version 2 has, and puts an event meanwhile.
func followByCLI(t *testing.T, c *cli) {
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	cmd := c.command(ctx, "tail", "/vpc/flow", "--follow", "--since", "1h", "--format", "short")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cancel()
		_ = cmd.Wait() // it was killed
	}()
	var got []string
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		_, message, _ := strings.Cut(lines.Text(), " ")
		got = append(got, message)
		switch len(got) {
		case 2: // it has begun; it asks again after five seconds
			c.ok("put-log-events", "--log-group-name", "/vpc/flow", "--log-stream-name", "eni-1-all", "--log-events", fmt.Sprintf("timestamp=%d,message=3 LATER", time.Now().UnixMilli()))
		case 3:
			cancel()
		}
	}
	if diff := cmp.Diff([]string{"1 ACCEPT", "2 REJECT", "3 LATER"}, got); diff != "" {
		t.Errorf("%s\n%s", diff, &stderr)
	}
}

// TestCapturedRequests reads the requests for logs that real clients sent: all have the right types, and those of the
// operations that are here violate nothing.
func TestCapturedRequests(t *testing.T) {
	awsapitest.Captured(t, "Logs_20140328", newServer(t, nil).api.operations(), shapes, 20)
}
