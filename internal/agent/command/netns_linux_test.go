package command

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/internal/agent"
)

// path is a file of the namespace.
func (n *namespace) path() string { return fmt.Sprintf("/proc/%d/task/%d/ns/net", os.Getpid(), n.id) }

// TestOtherNetns has an agent of the host at the instance's own device, and at the host's end of the pair by what is at the other one. Nobody says which side that is.
func TestOtherNetns(t *testing.T) {
	for name, condition := range map[string]string{"inside": "netns: %s, device: eni*", "the other end": "peer-netns: %s"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host, instance := wire(t)
			dir := t.TempDir()
			conf := strings.Replace(configOf("shadow"), "device: eni-*, eni: eni-web, flipped: true", fmt.Sprintf(condition, instance.path()), 1)
			p := start(t, host, dir, conf)
			var out []byte
			var err error
			host.in(func() { out, err = run("status", "--json").Output() })
			var s agent.Status
			if err != nil || json.Unmarshal(out, &s) != nil || len(s.Devices) != 1 || s.Devices[0].Interface != "eni-web" || s.Devices[0].Flipped != (name != "inside") {
				t.Errorf("%v: %s", err, out)
			}
			talk(t, host, instance, 5*time.Second)
			log := p.end(t)
			all := records(t, filepath.Join(dir, "logs"), keysOfAll)
			if len(all) == 0 {
				t.Fatalf("no records: %s", log)
			}
			compare(t, "shadow", instance, all)
		})
	}
}
