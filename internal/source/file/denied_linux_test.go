package file

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"weir/internal/source"
)

// asNobody runs the rest of a test with the rights of no user, where it runs as
// root, who may read everything. File system rights are the thread's alone.
func asNobody(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	const nobody = 65534
	runtime.LockOSThread()
	if err := syscall.Setfsuid(nobody); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Setfsuid(0)
		runtime.UnlockOSThread()
	})
}

func TestDenied(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Chmod(filepath.Dir(dir), 0o755)) // the test's own folder, closed to others
	write(t, dir, map[string]string{"open/a.log": "a", "closed/b.log": "b", "secret.log": "c"})
	closed, secret := filepath.Join(dir, "closed"), filepath.Join(dir, "secret.log")
	must(t, os.Chmod(closed, 0o000))
	must(t, os.Chmod(secret, 0o000))
	t.Cleanup(func() { _ = os.Chmod(closed, 0o700) })
	asNobody(t)

	s := open(t, dir)
	got, l := list(t, s, source.Selection{})
	if len(got) != 2 || len(l.Faults) != 1 || l.Faults[0].Code != source.Denied || l.Faults[0].URL != closed || l.Faults[0].Hint == "" {
		t.Fatalf("objects %v, faults %v; want two objects and one denied folder", got, l.Faults)
	}
	for _, o := range got {
		_, err := s.Open(t.Context(), o)
		var f *source.Fault
		if denied := errors.As(err, &f) && f.Code == source.Denied; denied != (o.URL == secret) {
			t.Errorf("%s: %v", o.Key, err)
		}
	}
	_, err := open(t, closed).List(t.Context(), source.Selection{}, func(source.Object) error { return nil })
	var f *source.Fault
	if !errors.As(err, &f) || f.Code != source.Denied {
		t.Errorf("a denied folder that is named: %v; want %q", err, source.Denied)
	}
}
