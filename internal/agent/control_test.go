package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestListenUnix has the longest folder that a socket can be in, one that is longer, and a socket that another agent listens at.
func TestListenUnix(t *testing.T) {
	t.Chdir(t.TempDir()) // whose path may be long itself
	long := strings.Repeat("x", mostSocketDir)
	l, err := listenUnix(t.Context(), filepath.Join(long, "agent.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if about, err := os.Stat(filepath.Join(long, "agent.sock")); err != nil || about.Mode().Perm() != 0o600 {
		t.Errorf("%v: %v", about, err)
	}
	for at, want := range map[string]string{
		filepath.Join(long, "agent.sock"):        "another agent listens at ",
		filepath.Join(long+"x", "agent.sock"):    "its folder's path may have 90 bytes, and has 91",
		filepath.Join("/dev/null", "agent.sock"): "can't listen at the socket: ",
	} {
		if l, err := listenUnix(t.Context(), at); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v", at, l, err)
		}
	}
}
