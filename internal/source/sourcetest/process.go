package sourcetest

import (
	"bufio"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"weir/internal/sharedtest"
)

// startUp is how long a server may take until it answers; moto imports all of
// itself first.
const startUp = 90 * time.Second

// Program returns the path of a program, and skips the test where it is not installed; hint
// says how it is.
func Program(t testing.TB, name, hint string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		sharedtest.NotRun(t, "%s", name+" is not installed ("+hint+")")
	}
	return path
}

// StartMoto starts moto, a fake of S3, EC2, STS and more, on a free port of
// 127.0.0.1, and returns its URL. It accepts all credentials. The server ends
// with the test.
func StartMoto(t testing.TB) string {
	t.Helper()
	cmd := exec.Command(Program(t, "moto_server", "pip install 'moto[server]'"), "-H", "127.0.0.1", "-p", "0")
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	start(t, cmd)
	address := make(chan string, 1)
	go func() {
		defer close(address)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if _, url, ok := strings.Cut(lines.Text(), "Running on "); ok {
				address <- strings.TrimSpace(url)
				break
			}
		}
		_, _ = io.Copy(io.Discard, out) // an unread pipe would block the server
	}()
	select {
	case url, ok := <-address:
		if !ok {
			t.Fatal("moto_server ended before it listened")
		}
		return url
	case <-time.After(startUp):
		t.Fatal("moto_server does not answer")
	}
	return ""
}

// The credentials of StartVersityGW.
const (
	VersityGWKey    = "weir-test"
	VersityGWSecret = "weir-test-secret"
)

// StartVersityGW starts versitygw, an S3 server over a folder, as the program
// that the variable VERSITYGW names, and returns its URL. The server ends with
// the test.
func StartVersityGW(t testing.TB) string {
	t.Helper()
	path := os.Getenv("VERSITYGW")
	if path == "" {
		sharedtest.NotRun(t, "VERSITYGW does not name the versitygw program (see tools/versitygw)")
	}
	host := freePort(t)
	cmd := exec.Command(path, "--quiet", "--port", host, "posix", t.TempDir())
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+VersityGWKey, "ROOT_SECRET_KEY="+VersityGWSecret)
	start(t, cmd)
	deadline := time.After(startUp)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-deadline:
			t.Fatal("versitygw does not answer")
		case <-tick.C:
			if c, err := net.Dial("tcp", host); err == nil {
				c.Close()
				return "http://" + host
			}
		}
	}
}

// freePort returns an address of 127.0.0.1 that nobody listened on just now.
func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start starts a server that ends with the test.
func start(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}
