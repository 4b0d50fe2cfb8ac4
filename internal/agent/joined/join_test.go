package joined

import (
	"errors"
	"log/slog"
	"path/filepath"
	"testing"

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
