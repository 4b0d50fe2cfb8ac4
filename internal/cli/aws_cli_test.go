package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"weir/internal/app"
	"weir/internal/source/sourcetest"
)

// awsCLI is a program of the AWS CLI.
type awsCLI struct {
	name, path string          // such as "AWS CLI 1.45.11"
	calls      map[string]bool // operations that succeeded
}

// newAWSCLI returns the AWS CLI of a major version.
func newAWSCLI(t *testing.T, major string) awsCLI {
	t.Helper()
	path, version := sourcetest.AWSCLI(t, major)
	return awsCLI{"AWS CLI " + version, path, map[string]bool{}}
}

// run runs a command against the server and returns its standard output.
func (c awsCLI) run(t *testing.T, s *awsServer, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), c.path, append([]string{"--endpoint-url", strings.TrimSuffix(s.url, "/"), "--output", "json"}, args...)...)
	cmd.Env = c.environment(s)
	out, err := cmd.Output()
	if err != nil {
		stderr := ""
		if failed := new(exec.ExitError); errors.As(err, &failed) {
			stderr = string(failed.Stderr)
		}
		t.Fatalf("%s %v: %v\n%s%s", c.name, args, err, out, stderr)
	}
	c.calls[operation(args[1])] = true
	return string(out)
}

// environment returns the environment in which the client asks the server.
func (awsCLI) environment(s *awsServer) []string {
	return append(os.Environ(), "AWS_ACCESS_KEY_ID="+s.key.ID, "AWS_SECRET_ACCESS_KEY="+s.key.Secret, "AWS_DEFAULT_REGION=eu-north-1", "PYTHONUNBUFFERED=1",
		"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=")
}

// operation returns the operation of a command: PutLogEvents of put-log-events.
func operation(command string) string {
	var out strings.Builder
	for word := range strings.SplitSeq(command, "-") {
		out.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return out.String()
}

// hasLiveTail reports whether the client has the command start-live-tail.
func (c awsCLI) hasLiveTail(t *testing.T) bool {
	t.Helper()
	out, _ := exec.CommandContext(t.Context(), c.path, "logs", "start-live-tail").CombinedOutput() // it lacks arguments, or is no choice
	return strings.Contains(string(out), "the following arguments are required: --log-group-identifiers")
}

// liveTail follows a log group until an event came. The client has no way to leave the prefix before the host away, so
// the server is called by a name for which both lead to it. It returns false where that can't be.
func (c awsCLI) liveTail(t *testing.T, s *awsServer, group, stream, arn string) (seen bool) {
	t.Helper()
	t.Run("live tail", func(t *testing.T) {
		cmd := withHosts(t, "weir.test stream-weir.test", c.path, "--endpoint-url", strings.Replace(strings.TrimSuffix(s.url, "/"), "127.0.0.1", "weir.test", 1),
			"logs", "start-live-tail", "--log-group-identifiers", arn, "--log-event-filter-pattern", "live")
		cmd.Env = c.environment(s)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		deadline := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
		defer deadline.Stop()
		// It does not say when it has begun, so events are put until it shows one.
		ctx, cancel := context.WithCancel(t.Context())
		var puts sync.WaitGroup
		puts.Go(func() {
			tick := time.NewTicker(200 * time.Millisecond)
			defer tick.Stop()
			for ctx.Err() == nil {
				event := object{"timestamp": time.Now().UnixMilli(), "message": "it is live"}
				if status, out, err := s.try(ctx, "PutLogEvents", object{"logGroupName": group, "logStreamName": stream, "logEvents": []object{event}}, s.key, time.Now()); err == nil && status != http.StatusOK {
					t.Errorf("a Put is answered by %d %v", status, out)
				}
				select {
				case <-tick.C:
				case <-ctx.Done():
				}
			}
		})
		for lines := bufio.NewScanner(out); !seen && lines.Scan(); {
			seen = strings.Contains(lines.Text(), "it is live")
		}
		cancel()
		puts.Wait()
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		if !seen {
			t.Errorf("no event came\n%s", &stderr)
		}
	})
	return seen
}

// TestServeAWSCLI has a person with flow logs ask the server by the AWS CLI: events are put, records of a bucket
// are opened, and both are asked.
func TestServeAWSCLI(t *testing.T) {
	for _, major := range []string{"1", "2"} {
		t.Run("version "+major, func(t *testing.T) {
			c := newAWSCLI(t, major)
			s := serveAWS(t, app.ServeOptions{Account: "123456789012"})
			runWeir(t, "--data", s.data, "-q", "open", writeFiles(t, serveLogs))
			c.run(t, s, "logs", "create-log-group", "--log-group-name", "vpc")
			c.run(t, s, "logs", "create-log-stream", "--log-group-name", "vpc", "--log-stream-name", "eni-1-all")
			runWeir(t, "--data", s.data, "logs", "format", "vpc", "default")
			now := time.Now()
			line := fmt.Sprintf("2 123456789012 eni-1 203.0.113.9 10.0.1.5 40000 22 6 3 180 %d %d REJECT OK", now.Unix(), now.Unix()+60)
			events, err := json.Marshal([]object{{"timestamp": now.UnixMilli(), "message": line}})
			if err != nil {
				t.Fatal(err)
			}
			c.run(t, s, "logs", "put-log-events", "--log-group-name", "vpc", "--log-stream-name", "eni-1-all", "--log-events", string(events))

			// What the client prints is what the server answered.
			var groups struct {
				LogGroups []struct{ LogGroupName, Arn string }
			}
			unmarshal(t, c.run(t, s, "logs", "describe-log-groups"), &groups)
			got := fmt.Sprint(groups.LogGroups)
			if !strings.Contains(got, "{vpc arn:aws:logs:us-east-1:123456789012:log-group:vpc:*}") || !strings.Contains(got, "{/weir/flow-logs ") {
				t.Errorf("the log groups are %s", got)
			}
			var found struct {
				Events []struct{ Message, EventID string }
			}
			unmarshal(t, c.run(t, s, "logs", "filter-log-events", "--log-group-name", "vpc",
				"--filter-pattern", `[version, account, eni, source, destination, srcport, destport="22", protocol="6", packets, bytes, windowstart, windowend, action="REJECT", flowlogstatus]`), &found)
			if len(found.Events) != 1 || found.Events[0].Message != line || found.Events[0].EventID == "" {
				t.Errorf("found %+v", found)
			}
			if rows := c.query(t, s, "vpc", now.Add(-time.Hour), now.Add(time.Hour), `filter action = "REJECT" | stats sum(bytes) as b by srcAddr, dstPort`); rows != "srcAddr=203.0.113.9 dstPort=22 b=180" {
				t.Errorf("rows are %s", rows)
			}
			at := time.Unix(1772445600, 0)
			if rows := c.query(t, s, "/weir/flow-logs", at.Add(-time.Hour), at.Add(time.Minute), `stats sum(bytes) as b by action | sort b desc`); rows != "action=ACCEPT b=8400; action=REJECT b=180" {
				t.Errorf("rows of the lake are %s", rows)
			}
			c.run(t, s, "logs", "put-retention-policy", "--log-group-name", "vpc", "--retention-in-days", "30")
			var streams struct {
				LogStreams []struct{ LogStreamName string }
			}
			unmarshal(t, c.run(t, s, "logs", "describe-log-streams", "--log-group-name", "/weir/flow-logs"), &streams)
			if !strings.Contains(fmt.Sprint(streams), "{eni-0a1-all}") {
				t.Errorf("streams of the lake are %v", streams)
			}
			var read struct{ Events []struct{ Message string } }
			unmarshal(t, c.run(t, s, "logs", "get-log-events", "--log-group-name", "vpc", "--log-stream-name", "eni-1-all"), &read)
			if len(read.Events) != 1 || read.Events[0].Message != line {
				t.Errorf("events are %v", read)
			}
			var skipped []string
			if c.hasLiveTail(t) {
				if c.calls[withPrefix] = c.liveTail(t, s, "vpc", "eni-1-all", "arn:aws:logs:us-east-1:123456789012:log-group:vpc"); !c.calls[withPrefix] {
					skipped = []string{withPrefix}
				}
			}
			c.run(t, s, "logs", "delete-log-group", "--log-group-name", "vpc")
			if !t.Failed() {
				documented(t, logsService, c.name, c.calls, skipped...)
			}
		})
	}
}

// query runs a query and returns its rows as text, once it is complete.
func (c awsCLI) query(t *testing.T, s *awsServer, group string, from, to time.Time, text string) string {
	t.Helper()
	var started struct{ QueryID string }
	unmarshal(t, c.run(t, s, "logs", "start-query", "--log-group-name", group, "--start-time", fmt.Sprint(from.Unix()), "--end-time", fmt.Sprint(to.Unix()),
		"--query-string", text), &started)
	for range 100 {
		var got struct {
			Status  string
			Results [][]struct{ Field, Value string }
		}
		unmarshal(t, c.run(t, s, "logs", "get-query-results", "--query-id", started.QueryID), &got)
		if got.Status == "Scheduled" || got.Status == "Running" {
			continue
		}
		if got.Status != "Complete" {
			t.Fatalf("the query is %s", got.Status)
		}
		var rows []string
		for _, r := range got.Results {
			var cells []string
			for _, cell := range r {
				cells = append(cells, cell.Field+"="+cell.Value)
			}
			rows = append(rows, strings.Join(cells, " "))
		}
		return strings.Join(rows, "; ")
	}
	t.Fatal("the query does not end")
	return ""
}
