package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/agent/config"
)

// TestInterfaceGone has a definition that lacks an interface which packets passed: they are in a record, though the window is not over.
func TestInterfaceGone(t *testing.T) {
	s := newStand(t, config.FlowLog{ID: "fl-1", Interval: time.Minute})
	s.attachments = &attachments{}
	s.Config.Network = []string{filepath.Join(t.TempDir(), "net.yaml")}
	without := strings.Replace(definition, "  eni-1: {subnet: subnet-1, addresses: [10.0.1.10, 10.0.1.11], groups: [sg-1]}\n", "", 1)
	for _, text := range []string{definition, without} {
		if err := os.WriteFile(s.Config.Network[0], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s.program.pass(1, 2, s.now.Wall)
		s.pass(time.Second)
		s.reload()
	}
	want := []string{"eni-1 1 4 1700000400 1700000401 OK"}
	if diff := cmp.Diff(want, s.records(t, "fl-1")); diff != "" {
		t.Errorf("%s%s", diff, s.log.String())
	}
}
