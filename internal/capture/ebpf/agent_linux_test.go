package ebpf

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestMain is the agent that TestKilled kills, where the environment says so.
func TestMain(m *testing.M) {
	if text := os.Getenv(agentEnvironment); text != "" {
		var a agent
		err := json.Unmarshal([]byte(text), &a)
		if err == nil {
			err = a.run()
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

const agentEnvironment = "WEIR_TEST_AGENT"

// agent keeps what is counted at a device in a file for each epoch.
type agent struct {
	Pin, Kept, Device string
	Becomes           bool // the device becomes the other of two interfaces again and again
	p                 *Program
}

// kept is a row as the agent keeps it.
type kept struct {
	Interface       string
	Port            uint16 // of the destination
	Egress, Refused bool
	Packets, Bytes  int64
	Rules           []string
}

// mount mounts the BPF file system that outlives the agent, in the namespace of mounts that the thread of a host has then.
func (a *agent) mount(t *testing.T, host *namespace) {
	t.Helper()
	at := t.TempDir()
	host.in(func() {
		if err := syscall.Unshare(syscall.CLONE_NEWNS); err != nil {
			t.Error(err)
			return
		}
		a.Pin = mountBPF(t, at)
	})
	if t.Failed() {
		t.FailNow()
	}
}

// load loads the program, and settles what was closed: by its file, where that is there.
func (a *agent) load() error {
	var err error
	if a.p, err = Load(Options{Pin: a.Pin, Connections: 1 << 17, Asides: 1 << 14}); err != nil {
		return err
	}
	if _, ok := a.p.Closed(); ok {
		return a.round()
	}
	return nil
}

// round reads an epoch, and keeps it once.
func (a *agent) round() error {
	e, err := a.p.Turn()
	if err != nil {
		return err
	}
	name := filepath.Join(a.Kept, fmt.Sprintf("%s-%d.json", e.Tables, e.Number))
	if _, err := os.Stat(name); err == nil {
		return a.p.Settle()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var rows []kept
	err = a.p.Rows(func(r *Row) error {
		rows = append(rows, kept{r.Interface, r.DstPort, r.Egress, r.Refused, r.Packets, r.Bytes, r.Rules()})
		return nil
	})
	if err != nil {
		return err
	}
	text, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	if err := os.WriteFile(name+".new", text, 0o600); err != nil {
		return err
	}
	if err := os.Rename(name+".new", name); err != nil {
		return err
	}
	return a.p.Settle()
}

// run is what the process does until it is killed.
func (a *agent) run() error {
	if err := a.load(); err != nil {
		return err
	}
	device, err := net.InterfaceByName(a.Device)
	if err != nil {
		return err
	}
	if a.Becomes {
		return a.become(Device{Index: device.Index, Flipped: true})
	}
	definition, err := gateway()
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		if n%8 == 0 {
			if err := a.p.Swap([]Interface{{ID: "eni-1", Mode: Enforce, Policy: definition}}); err != nil {
				return err
			}
			if err := a.round(); err != nil {
				return err
			}
		}
		if n == 0 {
			if err := a.p.Attach(Device{Index: device.Index, Flipped: true}, "eni-1"); err != nil {
				return err
			}
			fmt.Println("attached")
		}
		if err := a.round(); err != nil {
			return err
		}
	}
}

// sum adds up what was kept.
func (a *agent) sum(t *testing.T) (out sums, epochs int) {
	t.Helper()
	epochs = a.rows(t, func(r *kept) {
		way, refused := 0, 0
		if r.Egress {
			way = 1
		}
		if r.Refused {
			refused = 1
		}
		out[way][refused][0] += r.Packets
		out[way][refused][1] += r.Bytes
		if len(r.Rules) == 0 {
			t.Errorf("a row without rules: %+v", r)
		}
	})
	return out, epochs
}

// rows calls do for each row that was kept, and returns how many epochs they are of.
func (a *agent) rows(t *testing.T, do func(*kept)) (epochs int) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(a.Kept, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var rows []kept
		if err := json.Unmarshal(text, &rows); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i := range rows {
			do(&rows[i])
		}
	}
	return len(names)
}
