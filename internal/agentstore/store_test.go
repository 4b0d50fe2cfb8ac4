package agentstore

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/internal/agentapi"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func open(t *testing.T, data string, now func() time.Time) *Store {
	t.Helper()
	s, err := Open(t.Context(), data, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestCertificate has the same one as long as its file is there, for its owner alone.
func TestCertificate(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	first, err := Certificate(data, noon)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Certificate(data, noon.AddDate(100, 0, 0))
	if err != nil || agentapi.PinOf(first.Leaf) != agentapi.PinOf(second.Leaf) || !first.Leaf.NotAfter.Equal(neverExpires) {
		t.Errorf("%v: another one, or one that ends", err)
	}
	path := filepath.Join(data, "secrets", "agents.pem")
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Certificate(data, noon); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key that all can read: %v", err)
	}
	if err := os.WriteFile(path, []byte("no PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Certificate(data, noon); err == nil {
		t.Error("what is no certificate was replaced")
	}
}

// TestKnow has the server's key change: only where nobody knows it.
func TestKnow(t *testing.T) {
	now := noon
	s := open(t, t.TempDir(), func() time.Time { return now })
	a, b := agentapi.Pin{1}, agentapi.Pin{2}
	know := func(what string, pin agentapi.Pin, want bool) {
		t.Helper()
		err := s.Know(t.Context(), pin)
		if e, ok := errors.AsType[*Error](err); (err == nil) != want || err != nil && (!ok || e.Hint == "") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, ok, err := s.Pin(t.Context()); ok || err != nil {
		t.Errorf("a pin before the first: %v", err)
	}
	know("the first", a, true)
	know("nobody knows it", b, true)
	secret, token, err := s.CreateToken(t.Context(), b, "", 1, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	know("a token knows it", a, false)
	know("the same", b, true)
	now = now.Add(2 * time.Hour)
	know("the token expired", a, true)
	now = noon
	know("it did not", b, false)
	if err := s.Know(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Join(t.Context(), &agentapi.Join{TokenID: token.ID, TokenSecret: secret.Secret, Name: "a", Credential: agentapi.NewSecret()}); err != nil {
		t.Fatal(err)
	}
	know("an agent knows it", b, false)
	if err := s.Remove(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	know("it was removed", b, true)
	if pin, ok, err := s.Pin(t.Context()); pin != b || !ok || err != nil {
		t.Errorf("%v: %v", pin, err)
	}
}

func TestTokens(t *testing.T) {
	now := noon
	data := t.TempDir()
	s := open(t, data, func() time.Time { return now })
	for _, bad := range []struct {
		joins int
		lasts time.Duration
	}{{0, time.Hour}, {MostJoins + 1, time.Hour}, {1, 0}, {1, 400 * 24 * time.Hour}} {
		if _, _, err := s.CreateToken(t.Context(), agentapi.Pin{}, "", bad.joins, bad.lasts); !errors.As(err, new(*Error)) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	secret, _, err := s.CreateToken(t.Context(), agentapi.Pin{1}, "web", 2, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	other := open(t, data, func() time.Time { return now }) // another process
	state := func(want string) {
		t.Helper()
		list, err := other.Tokens(t.Context())
		if err != nil || len(list) != 1 || list[0].State(now) != want || list[0].Comment != "web" || list[0].ID != secret.ID {
			t.Errorf("%+v: %v, want %s", list, err, want)
		}
	}
	state("valid")
	now = now.Add(time.Hour)
	state("expired")
	now = noon
	if err := other.RevokeToken(t.Context(), secret.ID); err != nil {
		t.Fatal(err)
	}
	state("revoked")
	if err := s.RevokeToken(t.Context(), "0"); !errors.As(err, new(*Error)) {
		t.Error(err)
	}
	// No file has the secret.
	for _, name := range []string{"agents.db", "agents.db-wal"} {
		text, err := os.ReadFile(filepath.Join(data, name))
		if err != nil || strings.Contains(string(text), secret.Secret) {
			t.Errorf("%s has the secret, or %v", name, err)
		}
	}
	now = now.Add(40 * 24 * time.Hour)
	if _, _, err := s.CreateToken(t.Context(), agentapi.Pin{1}, "new", 1, time.Hour); err != nil {
		t.Fatal(err)
	}
	if list, err := s.Tokens(t.Context()); err != nil || len(list) != 1 || list[0].Comment != "new" {
		t.Errorf("%+v: %v", list, err)
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]bool{"web-1": true, "a.b": true, "값": true, "": false, "a b": false, "-a": false, "a\x1b[2J": false, strings.Repeat("a", 256): false} {
		if err := checkName(name); (err == nil) != want {
			t.Errorf("%q: %v", name, err)
		}
	}
}
