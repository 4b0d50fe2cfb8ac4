package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"weir/internal/agent/destination/servicetest"
	"weir/internal/sharedtest"
)

// gateway is versitygw, an S3 server of others, over a small file system.
type gateway struct {
	at      *namespace
	path    string
	folder  string
	address string
	cmd     *exec.Cmd
}

// newGateway starts it with buckets.
func newGateway(t *testing.T, at *namespace) *gateway {
	t.Helper()
	g := &gateway{at: at, path: os.Getenv("VERSITYGW"), folder: t.TempDir(), address: "127.0.0.1:9000"}
	if g.path == "" {
		sharedtest.NotRun(t, "VERSITYGW does not name the versitygw program (see tools/versitygw)")
	}
	if err := syscall.Mount("tmpfs", g.folder, "tmpfs", 0, "size=8m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(g.folder, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	for i := range bucketLogs {
		if err := os.Mkdir(filepath.Join(g.folder, fmt.Sprintf("bucket-%02x", i)), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	g.start(t)
	return g
}

// start starts it, and waits until it answers.
func (g *gateway) start(t *testing.T) {
	t.Helper()
	g.cmd = exec.Command(g.path, "--quiet", "--port", g.address, "posix", g.folder)
	g.cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY=weir-test", "ROOT_SECRET_KEY=weir-test-secret")
	var err error
	g.at.in(func() { err = g.cmd.Start() })
	if err != nil {
		t.Fatal(err)
	}
	cmd := g.cmd
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); <-tick.C {
		if c, err := g.dial(t.Context(), "", ""); err == nil {
			c.Close()
			return
		}
	}
	t.Fatal("versitygw does not answer")
}

// kill kills it.
func (g *gateway) kill(t *testing.T) {
	t.Helper()
	if err := g.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = g.cmd.Wait() // it was killed
}

// dial connects to it.
func (g *gateway) dial(context.Context, string, string) (c net.Conn, err error) {
	g.at.in(func() { c, err = net.Dial("tcp4", g.address) })
	return c, err
}

// objects reads the files of objects, by bucket and key.
func (g *gateway) objects(t *testing.T) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	err := fs.WalkDir(os.DirFS(g.folder), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasPrefix(name, "bucket-") || !strings.Contains(name, "/AWSLogs/") {
			return err
		}
		out[name], err = os.ReadFile(filepath.Join(g.folder, name))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestDeliveryToVersityGW has an S3 server of others killed and started again, and its disk full, and the agent killed: all packets are in the records of each flow log, and
// no object was written twice.
func TestDeliveryToVersityGW(t *testing.T) {
	d := newDelivery(t)
	g := newGateway(t, d.host)
	bucket := servicetest.NewS3Before(t, 10, "http://"+g.address, &http.Transport{DialContext: g.dial, DisableKeepAlives: true}, d.listenIn)
	d.start(t, bucket.URL())
	listen(t, d.instance, "10.0.1.10:53")
	packets := sendTo(t, d.host, "10.0.1.10:53")
	d.kill(t)
	d.kill(t)
	g.kill(t)
	d.kill(t)
	d.kill(t)
	d.failed(t, "")
	g.start(t)
	d.kill(t)
	filler := filepath.Join(g.folder, "filler")
	if err := fill(filler); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		d.kill(t)
	}
	if err := d.p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if d.p.wait("no line has this"); !strings.Contains(strings.Join(d.p.log, "\n"), "can't be delivered") {
		t.Errorf("a full disk took it: %s", strings.Join(d.p.log, "\n"))
	}
	if err := errors.Join(d.p.cmd.Wait(), os.Remove(filler)); err != nil {
		t.Fatal(err)
	}
	d.launch(t)
	bucket.Set(t, servicetest.Cut)
	d.kill(t)
	bucket.Set(t, servicetest.Fair)
	d.delivered(t)
	packets.end()
	d.p.end(t)
	for path, n := range bucket.Writes() {
		if n != 1 {
			t.Errorf("%s was written %d times", path, n)
		}
	}
	d.compare(t, g.objects(t))
}
