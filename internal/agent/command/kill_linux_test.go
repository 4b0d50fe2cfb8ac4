package command

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// bpffs mounts a BPF file system that a namespace alone has, and returns a directory of it.
func bpffs(t *testing.T, at *namespace) string {
	t.Helper()
	dir := t.TempDir()
	var err error
	at.in(func() {
		if err = syscall.Unshare(syscall.CLONE_NEWNS); err == nil {
			if err = syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err == nil {
				err = syscall.Mount("bpf", dir, "bpf", 0, "")
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		at.in(func() {
			if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
				t.Error(err)
			}
		})
	})
	return filepath.Join(dir, "weir")
}

// sender sends datagrams to a port until it is stopped, and counts them.
type sender struct {
	conn net.Conn
	stop chan struct{}
	wg   sync.WaitGroup
	sent int64
}

func sendTo(t *testing.T, at *namespace, to string) *sender {
	t.Helper()
	s := &sender{stop: make(chan struct{})}
	var err error
	at.in(func() { s.conn, err = net.Dial("udp4", to) })
	if err != nil {
		t.Fatal(err)
	}
	s.wg.Go(func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-s.stop:
				return
			case <-tick.C:
			}
			for range 5 {
				_, err := s.conn.Write(make([]byte, 100))
				switch {
				case err == nil, errors.Is(err, syscall.EPERM): // dropped on its way out
					s.sent++
				case !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, syscall.ENOBUFS): // what an answer has said of one before
					t.Error(err)
					return
				}
			}
		}
	})
	return s
}

// end returns how many datagrams were sent.
func (s *sender) end() int64 {
	close(s.stop)
	s.wg.Wait()
	s.conn.Close()
	return s.sent
}

// listen takes datagrams, so that nobody is told that it does not.
func listen(t *testing.T, at *namespace, address string) {
	t.Helper()
	var l net.PacketConn
	var err error
	at.in(func() { l, err = net.ListenPacket("udp4", address) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
}

// TestAgentIsKilled has an agent that enforces killed and started again while packets pass: what records have is what the instance's device has counted, what was refused
// is told, and nothing of it got through. WEIR_KILLS is how often.
func TestAgentIsKilled(t *testing.T) {
	t.Parallel()
	kills := 4
	if v := os.Getenv("WEIR_KILLS"); v != "" {
		var err error
		if kills, err = strconv.Atoi(v); err != nil {
			t.Fatal(err)
		}
	}
	host, instance := wire(t)
	dir := t.TempDir()
	conf := strings.Replace(configOf("enforce"), "pin: none", "pin: "+bpffs(t, host), 1)
	p := start(t, host, dir, conf)
	listen(t, instance, "10.0.1.10:53")
	accepted, refused := sendTo(t, host, "10.0.1.10:53"), sendTo(t, host, "10.0.1.10:5353")
	r := rand.New(rand.NewPCG(1, uint64(kills)))
	early := 0
	for range kills {
		if r.IntN(2) == 0 { // in the middle of a read, or nearly
			if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			<-time.After(time.Duration(r.IntN(30)) * time.Millisecond) // a random moment
		}
		p.kill(t)
		if r.IntN(3) == 0 { // one that does not get far
			p = launch(t, host, dir)
			<-time.After(time.Duration(r.IntN(500)) * time.Millisecond) // a random moment
			p.kill(t)
			early++
		}
		p = launch(t, host, dir)
		if !p.wait("msg=counting ") {
			t.Fatalf("it ended: %s", strings.Join(p.log, "\n"))
		}
	}
	ok, no := accepted.end(), refused.end()
	log := p.end(t)
	received, sent := instance.counters(t, "eni0")
	all := records(t, filepath.Join(dir, "logs"), keysOfAll)
	var flows []map[string]string
	for _, record := range all {
		switch record["log-status"] {
		case "OK":
			flows = append(flows, record)
		case "SKIPDATA":
			t.Errorf("%v", record)
		}
	}
	in, out := sum(t, flows, "flow-direction=ingress", "action=ACCEPT"), sum(t, flows, "flow-direction=egress")
	if in != received || out != sent {
		t.Errorf("records have %v in and %v out, the device %v and %v\n%s", in, out, received, sent, log)
	}
	if got := sum(t, flows, "dstport=53", "flow-direction=ingress"); got.Packets != ok || ok == 0 {
		t.Errorf("%d were sent to port 53, records have %v", ok, got)
	}
	if got := sum(t, flows, "dstport=5353", "action=REJECT"); got.Packets != no || no == 0 {
		t.Errorf("%d were sent to port 5353, records refuse %v", no, got)
	}
	t.Logf("killed %d times and %d times more before it counted: %d packets accepted, %d refused, in %d records", kills, early, ok, no, len(flows))
}

// TestDiskIsFull has a state on a file system that is full for a while: what was counted stays in the kernel, and no packet is lost.
func TestDiskIsFull(t *testing.T) {
	t.Parallel()
	host, instance := wire(t)
	dir := t.TempDir()
	conf := strings.Replace(configOf("shadow"), "pin: none", "pin: "+bpffs(t, host), 1)
	state := filepath.Join(dir, "state")
	if err := os.Mkdir(state, 0o700); err != nil {
		t.Fatal(err)
	}
	var err error
	host.in(func() { err = syscall.Mount("tmpfs", state, "tmpfs", 0, "size=1m") })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		host.in(func() {
			if err := syscall.Unmount(state, syscall.MNT_DETACH); err != nil {
				t.Error(err)
			}
		})
	})
	p := start(t, host, dir, conf)
	listen(t, instance, "10.0.1.10:5353")
	filler := filepath.Join(state, "filler")
	host.in(func() { err = fill(filler) })
	if err != nil {
		t.Fatal(err)
	}
	send := func(port, n int) {
		host.in(func() { datagrams(t, fmt.Sprintf("10.0.1.10:%d", port), n) })
	}
	send(5353, 7)
	reread := func(want string) {
		t.Helper()
		if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		if !p.wait(want) {
			t.Fatal(p.log)
		}
	}
	reread("stays in the kernel's tables")
	if answer := get(t, host, "/healthz"); !strings.Contains(answer, " 503 ") || !strings.Contains(answer, "cannot keep what was counted") {
		t.Errorf("%q", answer)
	}
	send(5353, 5)
	host.in(func() { err = os.Remove(filler) })
	if err != nil {
		t.Fatal(err)
	}
	reread("is kept on disk again")
	send(5353, 3)
	log := p.end(t)
	received, _ := instance.counters(t, "eni0")
	if in := sum(t, records(t, filepath.Join(dir, "logs"), keysOfAll), "flow-direction=ingress"); in != received || in.Packets != 15 {
		t.Errorf("records have %v in, the device %v\n%s", in, received, log)
	}
}

// fill writes until the file system is full.
func fill(name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	for block := make([]byte, 4096); err == nil; {
		_, err = f.Write(block)
	}
	if errors.Is(err, syscall.ENOSPC) {
		err = nil
	}
	return errors.Join(err, f.Close())
}
