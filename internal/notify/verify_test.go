package notify

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"weir/internal/source/sourcetest"
)

// TestVerifiers runs the programs of docs/howto/verify-notifications.md over messages as they came, and over ones that somebody changed.
func TestVerifiers(t *testing.T) {
	page, err := os.ReadFile("../../docs/howto/verify-notifications.md")
	if err != nil {
		t.Fatal(err)
	}
	programs := map[string]string{}
	for _, m := range regexp.MustCompile("(?ms)^```(python|go)\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		programs[m[1]] = m[2]
	}
	s := open(t, nil)
	e := newEndpoint(t, nil)
	topic := s.ops()
	s.confirmedBy(topic, e)
	s.publish(Message{TopicARN: topic, Subject: "ALARM: \"é\"", Default: "a\nb < c & \u2028 \U0001f600\t\\", Attributes: map[string]Attribute{"n": {"Number", "1"}}})
	s.publish(Message{TopicARN: topic, Default: "without a subject"})
	s.deliver()
	var messages []string
	for _, g := range e.all() {
		messages = append(messages, g.body)
	}
	if len(messages) != 3 {
		t.Fatalf("%d messages", len(messages))
	}
	dir := t.TempDir()
	certificate := filepath.Join(s.data, "secrets", certificateFile)
	commands := map[string]func(t *testing.T) []string{
		"python": func(t *testing.T) []string {
			path := filepath.Join(dir, "verify.py")
			write(t, path, programs["python"])
			return []string{sourcetest.Python(t, "cryptography"), path, certificate}
		},
		"go": func(t *testing.T) []string {
			write(t, filepath.Join(dir, "verify.go"), programs["go"])
			out := filepath.Join(dir, "verify")
			if said, err := exec.CommandContext(t.Context(), "go", "build", "-o", out, filepath.Join(dir, "verify.go")).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
			return []string{out, certificate}
		},
	}
	for name, command := range commands {
		t.Run(name, func(t *testing.T) {
			args := command(t)
			for i, message := range messages {
				run := func(text string) error {
					cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
					cmd.Stdin = strings.NewReader(text)
					return cmd.Run()
				}
				if err := run(message); err != nil {
					t.Errorf("message %d: %v\n%s", i, err, message)
				}
				if i == 1 && run(strings.Replace(message, "ALARM", "FINE", 1)) == nil {
					t.Error("a changed message is taken")
				}
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// confirmedBy subscribes an endpoint and confirms it; the confirmation is still among what the endpoint has got.
func (s *testStore) confirmedBy(topic string, e *endpoint) {
	s.t.Helper()
	s.subscribe(topic, "http", e.URL, nil)
	s.deliver()
	e.mu.Lock()
	link := e.got[0].document(s.t)["SubscribeURL"].(string)
	e.mu.Unlock()
	if w := s.follow(link); w.Code != 200 {
		s.t.Fatal(w.Body)
	}
}
