package joined

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/agentapi"
)

// TestJoinAfterDamagedToken joins with a token that was damaged on its way, and then with the right one: the agent knows the server by what the right one says.
func TestJoinAfterDamagedToken(t *testing.T) {
	s := newServer(t)
	dir := filepath.Join(t.TempDir(), "state")
	r := s.request(t, dir)
	right := *r.Token
	damaged := right
	damaged.Pin[7] ^= 1
	r.Token = &damaged
	if _, err := Join(t.Context(), r); !errors.Is(err, agentapi.ErrPin) {
		t.Fatalf("a pin of nobody: %v", err)
	}
	r.Token = &right
	if _, err := Join(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	s.publish(t, definition, flowLog)
	a, err := Open(Options{Config: s.configOf(dir), Version: "1", Log: slog.New(slog.DiscardHandler), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.client.Policy(t.Context(), 0, ""); err != nil {
		t.Errorf("what joined is not answered: %v", err)
	}
}

// TestHeard has a server that goes, and comes back as another one: who reads the log sees that waiting does not help, once.
func TestHeard(t *testing.T) {
	gone := func(port int) error {
		return fmt.Errorf("read tcp 127.0.0.1:%d->127.0.0.1:8789: connection reset by peer", port)
	}
	pin := fmt.Errorf("can't ask https://127.0.0.1:8789: %w", agentapi.ErrPin)
	unknown := &agentapi.Error{Code: agentapi.CodeUnknownAgent, Message: "the server does not know the agent"}
	var log bytes.Buffer
	a := &Agent{Options: Options{Log: slog.New(slog.NewTextHandler(&log, nil)), Now: now}}
	var said []string
	for _, err := range []error{nil, gone(1), gone(2), pin, pin, unknown, gone(3), nil, nil} {
		log.Reset()
		a.heard(err)
		switch text := log.String(); {
		case text == "":
			said = append(said, "-")
		case strings.Contains(text, "answers again"):
			said = append(said, "answers")
		case err != nil && strings.Contains(text, strings.ReplaceAll(err.Error(), `"`, `\"`)):
			said = append(said, "error")
		default:
			t.Errorf("%v: %s", err, text)
		}
	}
	if diff := cmp.Diff([]string{"-", "error", "-", "error", "-", "error", "-", "answers", "-"}, said); diff != "" {
		t.Error(diff)
	}
}
