package cli

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"weir/internal/sharedtest"
)

// island is a thread with a network namespace of its own, which both end with the test: a server and an agent meet there, and nothing of the host is touched.
type island struct{ do chan func() }

func newIsland(t *testing.T) *island {
	t.Helper()
	sharedtest.NeedRoot(t)
	n := &island{make(chan func())}
	began := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		began <- syscall.Unshare(syscall.CLONE_NEWNET)
		for f := range n.do {
			f()
		}
	}()
	if err := <-began; err != nil {
		sharedtest.NotRun(t, "network namespaces can't be made here: %v", err)
	}
	t.Cleanup(func() { close(n.do) })
	for _, words := range []string{
		"link set lo up", "link add eni0 address 02:00:00:00:00:02 type veth peer name far", "link set eni0 addrgenmode none up", "link set far addrgenmode none up", "addr add 10.0.1.10/24 dev eni0",
		"neigh add 10.0.1.99 lladdr 02:00:00:00:00:99 dev eni0",
	} {
		if out, err := n.run(exec.CommandContext(t.Context(), "ip", strings.Fields(words)...)); err != nil {
			t.Fatalf("ip %s: %v: %s", words, err, out)
		}
	}
	return n
}

// in runs a function within the namespace.
func (n *island) in(f func()) {
	done := make(chan struct{})
	n.do <- func() { defer close(done); f() }
	<-done
}

// run runs a command within the namespace, and returns what it says.
func (n *island) run(cmd *exec.Cmd) (out []byte, err error) {
	n.in(func() { out, err = cmd.CombinedOutput() })
	return out, err
}

// dial connects within the namespace.
func (n *island) dial(ctx context.Context, network, address string) (c net.Conn, err error) {
	n.in(func() { c, err = new(net.Dialer).DialContext(ctx, network, address) })
	return c, err
}

// islander is a program that runs within the namespace.
type islander struct {
	cmd   *exec.Cmd
	lines chan string
	said  []string
}

// start starts a program; its lines are of both outputs.
func (n *island) start(t *testing.T, cmd *exec.Cmd) *islander {
	t.Helper()
	out, in := io.Pipe()
	cmd.Stdout, cmd.Stderr = in, in
	p := &islander{cmd: cmd, lines: make(chan string, 10000)}
	var err error
	n.in(func() { err = cmd.Start() })
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.lines)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			p.lines <- lines.Text()
		}
	}()
	go func() { _ = cmd.Wait(); in.Close() }() // the end of its lines is the end of it
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	return p
}

// wait reads lines until one has a text, and returns it.
func (p *islander) wait(t *testing.T, text string) string {
	t.Helper()
	for line := range p.lines {
		if p.said = append(p.said, line); strings.Contains(line, text) {
			return line
		}
	}
	t.Fatalf("it ended without saying %q:\n%s", text, strings.Join(p.said, "\n"))
	return ""
}

// end ends it by SIGTERM.
func (p *islander) end(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	for line := range p.lines {
		p.said = append(p.said, line)
	}
}

// serve answers within the namespace, and returns the URL.
func (n *island) serve(t *testing.T, h http.Handler) (url string) {
	t.Helper()
	var err error
	s := &httptest.Server{Config: &http.Server{Handler: h}} //nolint:gosec // no client is slow
	n.in(func() { s.Listener, err = new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0") })
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}

// send sends a datagram to a port of another host, by the device that an agent counts at. That it is refused there is no failure.
func (n *island) send(t *testing.T, port string) {
	t.Helper()
	n.in(func() {
		c, err := new(net.Dialer).DialContext(t.Context(), "udp", "10.0.1.99:"+port)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		if _, err := c.Write([]byte("x")); err != nil && !errors.Is(err, syscall.EPERM) && !errors.Is(err, syscall.ENOBUFS) {
			t.Error(err)
		}
	})
}
