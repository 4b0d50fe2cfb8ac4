package logstore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestFullDisk fills the disk with events: what has no room is refused, what was acknowledged stays, and with
// room all goes on, without a restart.
func TestFullDisk(t *testing.T) {
	args := []string{"--mount"}
	if os.Getuid() != 0 {
		args = append(args, "--map-root-user")
	}
	cmd := exec.Command("unshare", append(args, "sh", "-eu", "-c", `mount -t tmpfs -o size=24m weir "$WEIR_TEST_DATA"; echo mounted; exec "$0"`, os.Args[0])...)
	cmd.Env = append(os.Environ(), "WEIR_TEST_ROLE=full-disk", "WEIR_TEST_DATA="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		if os.Getenv("WEIR_CI") != "1" && !strings.Contains(string(out), "mounted") {
			t.Skipf("no mount namespaces here: %v\n%s", err, out)
		}
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// fillDisk is TestFullDisk within its mount namespace.
func fillDisk(data string) error {
	ctx := context.Background()
	s, err := Open(ctx, data, Options{FlushAge: -1, FlushBytes: 8 << 20, MemoryBytes: 64 << 20})
	if err != nil {
		return err
	}
	if err := errors.Join(s.CreateGroup(ctx, "g", "", nil), s.CreateStream(ctx, "g", "a")); err != nil {
		return err
	}
	acknowledged, refused := map[string]bool{}, map[string]bool{}
	now := time.Now()
	random, noise := rand.New(rand.NewPCG(1, 1)), make([]byte, 150)
	put := func(n int) error {
		var events []InputEvent
		for i := range 2000 {
			for k := range noise { // what packs well would find room
				noise[k] = byte(random.Uint32())
			}
			events = append(events, InputEvent{now.UnixMilli(), fmt.Appendf(nil, "%d-%d-%x", n, i, noise)})
		}
		_, err := s.Put(ctx, "g", "a", events, now)
		for _, e := range events {
			if err == nil {
				acknowledged[string(e.Message)] = true
			} else {
				refused[string(e.Message)] = true
			}
		}
		return err
	}
	count := func(step string) error {
		seen := map[string]int{}
		for e, err := range s.Read(ctx, ReadRequest{Group: "g"}) {
			if err != nil {
				return fmt.Errorf("%s: %w", step, err)
			}
			seen[e.Message]++
		}
		for m := range acknowledged {
			if seen[m] != 1 {
				return fmt.Errorf("%s: an event that was acknowledged is there %d times", step, seen[m])
			}
		}
		extra := 0
		for m, n := range seen {
			if n != 1 || !acknowledged[m] && !refused[m] {
				return fmt.Errorf("%s: %.40s is there %d times", step, m, n)
			}
			if !acknowledged[m] {
				extra++
			}
		}
		fmt.Printf("%s: %d events, %d of them refused\n", step, len(seen), extra)
		return nil
	}
	failures := 0
	for n := range 100 {
		err := put(n)
		if err == nil {
			continue
		}
		if !errors.Is(err, syscall.ENOSPC) {
			return fmt.Errorf("a Put on a full disk: %w", err)
		}
		failures++
		if failures == 5 {
			break
		}
	}
	if failures < 5 {
		return fmt.Errorf("only %d Puts met a full disk", failures)
	}
	if err := count("full"); err != nil {
		return err
	}
	if err := s.Flush(ctx); err == nil {
		fmt.Println("a flush found room")
	} else if !strings.Contains(err.Error(), "no space left") && !strings.Contains(err.Error(), "full") {
		return fmt.Errorf("a flush on a full disk: %w", err)
	}
	if err := count("flushed on the full disk"); err != nil {
		return err
	}
	if out, err := exec.Command("mount", "-o", "remount,size=200m", data).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	for n := range 10 {
		if err := put(1000 + n); err != nil {
			return fmt.Errorf("a Put with room: %w", err)
		}
	}
	if err := s.Flush(ctx); err != nil {
		return fmt.Errorf("a flush with room: %w", err)
	}
	if err := count("with room"); err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	if s, err = Open(ctx, data, Options{FlushAge: -1}); err != nil {
		return err
	}
	if err := count("opened again"); err != nil {
		return err
	}
	return s.Close()
}
