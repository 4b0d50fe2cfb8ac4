package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestChat posts to Slack and Teams: a text of any kind stays what it is.
func TestChat(t *testing.T) {
	s := open(t, nil)
	slack, teams := newEndpoint(t, nil), newEndpoint(t, nil)
	topic := s.ops()
	s.subscribe(topic, "slack", slack.URL, nil)
	s.subscribe(topic, "teams", teams.URL, nil)
	s.publish(Message{TopicARN: topic, Subject: "ALARM: <ssh> & *more*", Default: "a < b\n\n▁▂▇ ```x``` <!channel>\n"})
	s.deliver()
	var said struct{ Text string }
	all := slack.all()
	if err := json.Unmarshal([]byte(all[0].body), &said); err != nil || all[0].header.Get("Content-Type") != "application/json" {
		t.Error(err)
	}
	if want := "*ALARM: &lt;ssh&gt; &amp; ∗more∗*\n```\na &lt; b\n\n▁▂▇ '''x''' &lt;!channel&gt;\n\n```"; said.Text != want {
		t.Errorf("%q\nwant %q", said.Text, want)
	}
	card := teams.all()[0].document(t)
	content := card["attachments"].([]any)[0].(map[string]any)["content"].(map[string]any)
	var lines []string
	for _, block := range content["body"].([]any) {
		b := block.(map[string]any)
		if b["type"] != "RichTextBlock" {
			t.Errorf("%v", b)
		}
		lines = append(lines, b["inlines"].([]any)[0].(map[string]any)["text"].(string))
	}
	if diff := cmp.Diff([]string{"ALARM: <ssh> & *more*", "a < b", " ", "▁▂▇ ```x``` <!channel>"}, lines); diff != "" || content["type"] != "AdaptiveCard" || card["type"] != "message" {
		t.Error(diff)
	}
	for _, text := range []string{strings.Repeat("é", 100_000), strings.Repeat("10.0.0.1\n", 20_000), strings.Repeat("<&>\"", 50_000), strings.Repeat("`", 200_000)} {
		s.publish(Message{TopicARN: topic, Default: text})
		s.deliver()
		mark := fmt.Sprintf("... (%d bytes in all)", len(text))
		if body := slack.all()[0].body; len(body) > 40_000 || len(body) < 20_000 || !strings.HasSuffix(body, mark+`\n`+"```"+`"}`) {
			t.Errorf("Slack got %d bytes of %.10q", len(body), text)
		}
		if body := teams.all()[0].body; len(body) > 28_000 || len(body) < 14_000 || !strings.Contains(body, mark) {
			t.Errorf("Teams got %d bytes of %.10q", len(body), text)
		}
	}
	slack.answer = func(_ int, w http.ResponseWriter) {
		w.Header().Set("Retry-After", "90")
		w.WriteHeader(http.StatusTooManyRequests)
	}
	s.publish(Message{TopicARN: topic, Default: "m"})
	if next := s.deliver(); next != s.clock.Now().Add(90*time.Second).UnixMilli() {
		t.Errorf("it comes again at %d", next)
	}
}

// TestWebhook verifies a notice as a receiver of Standard Webhooks does.
func TestWebhook(t *testing.T) {
	s := open(t, nil)
	e := newEndpoint(t, nil)
	topic := s.ops()
	sub := s.subscribe(topic, "webhook", e.URL, nil)
	id := s.publish(Message{TopicARN: topic, Default: "d", ByProtocol: map[string]string{"webhook": "m <&>"}, Attributes: map[string]Attribute{"n": {"Number", "1"}, "b": {"Binary", "\xff"}}})
	s.deliver()
	g := e.all()[0]
	want := map[string]any{
		"id": id, "topic": topic, "subscription": sub.ARN, "timestamp": "2026-11-30T12:00:00.000Z", "subject": "", "message": "m <&>",
		"attributes": map[string]any{"n": map[string]any{"type": "Number", "value": "1"}, "b": map[string]any{"type": "Binary", "value": "/w=="}},
	}
	if diff := cmp.Diff(want, g.document(t)); diff != "" {
		t.Error(diff)
	}
	secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s.WebhookSecret(), "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(g.header.Get("Webhook-Id") + "." + g.header.Get("Webhook-Timestamp") + "." + g.body))
	if got := g.header.Get("Webhook-Signature"); got != "v1,"+base64.StdEncoding.EncodeToString(h.Sum(nil)) || g.header.Get("Webhook-Id") != id || g.header.Get("Webhook-Timestamp") != "1796040000" {
		t.Errorf("%v", g.header)
	}
}

// TestCommand runs commands: what they read, what their environment has, and how they fail.
func TestCommand(t *testing.T) {
	t.Setenv("WEIR_TEST_SECRET", "x")
	dir := t.TempDir()
	script := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	s := open(t, func(o *Options) {
		o.Commands = map[string]string{"keep": script("keep", "cat >"+dir+"/out; env >"+dir+"/env; echo \"$#\" >"+dir+"/args"), "fail": script("fail", "echo no disk >&2; exit 3")}
	})
	topic := s.ops()
	sub := s.subscribe(topic, "command", "keep", nil)
	s.subscribe(topic, "command", "fail", nil)
	id := s.publish(Message{TopicARN: topic, Subject: "$(reboot)", Default: "m; reboot"})
	next := s.deliver()
	raw, err := os.ReadFile(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	var n notice
	if err := json.Unmarshal(raw, &n); err != nil || n.ID != id || n.Subscription != sub.ARN || n.Subject != "$(reboot)" || n.Message != "m; reboot" {
		t.Errorf("%s %v", raw, err)
	}
	if env, err := os.ReadFile(filepath.Join(dir, "env")); err != nil || strings.Contains(string(env), "WEIR_TEST_SECRET") || !strings.Contains(string(env), "PATH=") {
		t.Errorf("%s %v", env, err)
	}
	if next != s.clock.Now().Add(10*time.Second).UnixMilli() {
		t.Errorf("the next is at %d", next)
	}
	s.exhaust(ownPolicy)
	if dead := s.dead(); len(dead) != 1 || dead[0].Reason != "the command failed: exit status 3: no disk" {
		t.Errorf("%+v", dead)
	}
}

// TestStartedWithout opens a store without what its subscriptions need: that is a failure like others, until it is there again.
func TestStartedWithout(t *testing.T) {
	program := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	const theirs = "arn:aws:sns:eu-west-1:123456789012:theirs"
	s := open(t, func(o *Options) {
		o.Commands, o.SMTP, o.SNS = map[string]string{"keep": program}, &SMTP{Address: "127.0.0.1:1", From: "a@b.c", TLS: "none"}, forwarded{}
	})
	topic := s.ops()
	whole := s.o
	s.subscribe(topic, "command", "keep", nil)
	s.subscribe(topic, "sns", theirs, nil)
	mailed := s.subscribe(topic, "email", "ann@example.com", nil)
	if _, err := s.ConfirmSubscription(t.Context(), topic, s.token(subscriptionConfirmation, mailed.ARN), true, false); err != nil {
		t.Fatal(err)
	}
	id := s.publish(Message{TopicARN: topic, Default: "m"})
	s.o.Commands, s.o.SMTP, s.o.SNS = nil, nil, nil
	s.reopen()
	s.deliver()
	reasons := func() map[string]string {
		list, err := s.Deliveries(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for _, d := range list {
			out[d.Protocol] = d.State + ": " + d.Reason
		}
		return out
	}
	want := map[string]string{
		"command": "waiting: the server was started without the command keep",
		"email":   "waiting: the server was started without a server for e-mail",
		"sns":     "waiting: the server was started without credentials for AWS",
	}
	if diff := cmp.Diff(want, reasons()); diff != "" {
		t.Error(diff)
	}
	s.o = whole
	s.o.SMTP = nil
	s.reopen()
	s.clock.Advance(20 * time.Second)
	s.deliver()
	want["command"], want["sns"] = "delivered: ", "delivered: "
	if diff := cmp.Diff(want, reasons()); diff != "" {
		t.Error(diff)
	}
}

// forwarded takes all messages for AWS.
type forwarded struct{}

func (forwarded) Publish(context.Context, string, string, string, map[string]Attribute) error {
	return nil
}
