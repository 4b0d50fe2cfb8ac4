package accesskey

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestStore shows that a server sees what the command line does at once.
func TestStore(t *testing.T) {
	data := t.TempDir()
	var warned []string
	s := Open(data, func(err error) { warned = append(warned, err.Error()) })
	if s.Len() != 0 {
		t.Error("there are keys")
	}
	a := create(t, data, "a", "logs:*")
	if got, ok := s.Key(a.ID); !ok || !got.Allows("logs:StartQuery") {
		t.Errorf("%+v, %v", got, ok)
	}
	if secret, ok := s.Secret(a.ID); !ok || secret != a.Secret {
		t.Errorf("%q, %v", secret, ok)
	}
	b := create(t, data, "b", "*")
	if _, ok := s.Key(b.ID); !ok || s.Len() != 2 {
		t.Error("the second key is not there")
	}
	if _, err := Revoke(data, "a"); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Secret(a.ID); ok {
		t.Error("the key is not revoked")
	}
	if warned != nil {
		t.Errorf("%q", warned)
	}
	if err := os.Chmod(File(data), 0o644); err != nil {
		t.Fatal(err)
	}
	s.Len() // says it once
	if s.Len() != 0 || len(warned) != 1 || !strings.Contains(warned[0], "mode 0644") {
		t.Errorf("%d keys, %q", s.Len(), warned)
	}
	if err := os.Chmod(File(data), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Key(b.ID); !ok {
		t.Error("the key is not there again")
	}
	if err := os.Remove(File(data)); err != nil {
		t.Fatal(err)
	}
	if s.Len() != 0 {
		t.Error("there are keys without a file")
	}
}

// TestTouch shows what is kept of uses, and how often it is written.
func TestTouch(t *testing.T) {
	data := t.TempDir()
	a, b := create(t, data, "a", "*"), create(t, data, "b", "*")
	s := Open(data, func(err error) { t.Error(err) })
	now := noon.Add(30 * time.Second)
	s.now = func() time.Time { return now }
	used := func() map[string]time.Time {
		t.Helper()
		got, err := readUsed(data)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	s.Touch(a.ID)
	if diff := cmp.Diff(map[string]time.Time{a.ID: noon}, used()); diff != "" {
		t.Errorf("the first use: %s", diff)
	}
	now = now.Add(20 * time.Second)
	s.Touch(b.ID)
	if diff := cmp.Diff(map[string]time.Time{a.ID: noon}, used()); diff != "" {
		t.Errorf("within a minute: %s", diff)
	}
	now = now.Add(50 * time.Second)
	s.Touch(a.ID)
	want := map[string]time.Time{a.ID: noon.Add(time.Minute), b.ID: noon}
	if diff := cmp.Diff(want, used()); diff != "" {
		t.Errorf("a minute later: %s", diff)
	}
	if _, err := Revoke(data, "b"); err != nil {
		t.Fatal(err)
	}
	now = now.Add(30 * time.Second)
	s.Touch(a.ID)
	s.Close()
	if diff := cmp.Diff(map[string]time.Time{a.ID: noon.Add(2 * time.Minute)}, used()); diff != "" {
		t.Errorf("at the end: %s", diff)
	}
	list, err := List(data)
	if err != nil || len(list) != 1 || list[0].LastUsed == nil || !list[0].LastUsed.Equal(noon.Add(2*time.Minute)) {
		t.Errorf("%+v, %v", list, err)
	}
	// Another server goes on from there.
	if err := os.WriteFile(usedFile(data), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	warned := 0
	s = Open(data, func(error) { warned++ })
	s.Touch(a.ID)
	if warned != 1 || len(used()) != 1 {
		t.Errorf("%d warnings, %v", warned, used())
	}
}

func BenchmarkSecret(b *testing.B) {
	data := b.TempDir()
	k := create(b, data, "a", "*")
	s := Open(data, func(err error) { b.Error(err) })
	for b.Loop() {
		if _, ok := s.Secret(k.ID); !ok {
			b.Fatal("no key")
		}
	}
}
