package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"time"

	"weir/internal/sigv4"
)

// logsServer is a server of CloudWatch Logs, and of what watches them, on a data directory of its own.
type logsServer struct {
	url         string
	key, secret string
	client      *http.Client
}

// startLogs makes a key, starts a server, and makes a log group whose events are records in the
// default format, with a stream. flags are further ones of weir serve.
func (b *bench) startLogs(ctx context.Context, data string, flags ...string) (*logsServer, running, error) {
	key, err := exec.CommandContext(ctx, b.weir, "--data", data, "keys", "create", "bench", "--allow", "logs:*,cloudwatch:*,sns:*", "--json").Output()
	if err != nil {
		return nil, running{}, fmt.Errorf("weir keys create: %w", err)
	}
	s := &logsServer{client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}}
	var made struct {
		Key    string `json:"id"`
		Secret string `json:"secret"`
	}
	if err := json.Unmarshal(key, &made); err != nil || made.Secret == "" {
		return nil, running{}, fmt.Errorf("weir keys create printed %q: %w", key, err)
	}
	s.key, s.secret = made.Key, made.Secret
	server, out, err := b.start(ctx, append([]string{"--data", data, "-q", "serve", "--listen", "127.0.0.1:0"}, flags...)...)
	if err != nil {
		return nil, running{}, err
	}
	line, err := out.ReadString('\n')
	if err != nil {
		server.end()
		return nil, running{}, fmt.Errorf("weir serve: %w", err)
	}
	s.url, _, _ = strings.Cut(strings.TrimPrefix(line, "weir is at "), " ")
	_, err = s.call(ctx, "CreateLogGroup", map[string]any{"logGroupName": benchGroup})
	if err == nil {
		_, err = s.call(ctx, "CreateLogStream", map[string]any{"logGroupName": benchGroup, "logStreamName": benchStream})
	}
	if err == nil {
		err = exec.CommandContext(ctx, b.weir, "--data", data, "logs", "format", benchGroup, "default").Run()
	}
	if err != nil {
		server.end()
		return nil, running{}, err
	}
	return s, server, nil
}

// request returns a request for an operation, signed now.
func (s *logsServer) request(ctx context.Context, operation string, body []byte) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "Logs_20140328."+operation)
	return r, sigv4.Sign(r, body, s.key, s.secret, "us-east-1", "logs", time.Now())
}

// do sends a request and returns the answer's body; an answer but 200 is an error.
func (s *logsServer) do(r *http.Request) ([]byte, error) {
	answer, err := s.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", r.Header.Get("X-Amz-Target"), answer.Status, body)
	}
	return body, err
}

// call calls an operation.
func (s *logsServer) call(ctx context.Context, operation string, in any) ([]byte, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	r, err := s.request(ctx, operation, body)
	if err != nil {
		return nil, err
	}
	return s.do(r)
}

// queryPoll is how often a query's result is asked for.
const queryPoll = 10 * time.Millisecond

// query runs a query over a group and returns its rows, each as values by field.
func (s *logsServer) query(ctx context.Context, group, text string, from, to time.Time) ([]map[string]string, error) {
	body, err := s.call(ctx, "StartQuery", map[string]any{
		"logGroupName": group, "queryString": text, "startTime": from.Unix(), "endTime": to.Unix(),
	})
	if err != nil {
		return nil, err
	}
	var started struct {
		QueryID string `json:"queryId"`
	}
	if err := json.Unmarshal(body, &started); err != nil || started.QueryID == "" {
		return nil, fmt.Errorf("StartQuery answered %s: %w", body, err)
	}
	tick := time.NewTicker(queryPoll)
	defer tick.Stop()
	for {
		body, err := s.call(ctx, "GetQueryResults", map[string]any{"queryId": started.QueryID})
		if err != nil {
			return nil, err
		}
		var got struct {
			Status  string
			Results [][]struct{ Field, Value string }
		}
		if err := json.Unmarshal(body, &got); err != nil {
			return nil, err
		}
		switch got.Status {
		case "Complete":
			var rows []map[string]string
			for _, r := range got.Results {
				row := map[string]string{}
				for _, cell := range r {
					row[cell.Field] = cell.Value
				}
				rows = append(rows, row)
			}
			return rows, nil
		case "Scheduled", "Running":
		default:
			return nil, errors.New("the query " + text + " is " + got.Status)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
