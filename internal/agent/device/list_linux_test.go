package device

import (
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"weir/internal/sharedtest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// alone gives the test a thread with network and mount namespaces of its own, with a /run/netns that nobody else sees.
func alone(t *testing.T) {
	t.Helper()
	sharedtest.NeedRoot(t)
	if _, err := exec.LookPath("ip"); err != nil && os.Getenv("WEIR_CI") != "1" {
		t.Skipf("not run: iproute2 is not installed: %v", err)
	}
	runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine, and its namespaces with it
	if err := syscall.Unshare(syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_FS); err != nil {
		sharedtest.NotRun(t, "namespaces can't be made here: %v", err)
	}
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(namedNetns, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", namedNetns, "tmpfs", 0, ""); err != nil {
		t.Fatal(err)
	}
}

func ip(t *testing.T, words ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "ip", words...).CombinedOutput(); err != nil {
		t.Fatalf("ip %v: %v: %s", words, err, out)
	}
}

// list returns the devices by name, with the namespace where it is another.
func list(t *testing.T, q Query) (map[string]Device, map[string]string) {
	t.Helper()
	found, err := List(q)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]Device{}
	for _, d := range found.Devices {
		name := d.Name
		if d.Netns != "" {
			name = d.Netns + ":" + name
		}
		out[name] = d
	}
	return out, found.Unread
}

// process starts a process in a network namespace of its own, which a pair has its other end in, and returns its id.
func process(t *testing.T) int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sleep", "1000")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd.Process.Pid
}

// TestList has pairs with their other ends in a namespace with a name, in that of a process, and in the same; a port of a bridge; and a tun and a tap.
func TestList(t *testing.T) {
	alone(t)
	pid := strconv.Itoa(process(t))
	ip(t, "netns", "add", "web")
	ip(t, "link", "add", "v-web", "address", "02:00:00:00:00:01", "type", "veth", "peer", "name", "eth0", "address", "02:00:00:00:00:02", "netns", "web")
	ip(t, "-n", "web", "addr", "add", "10.0.1.10/24", "dev", "eth0")
	ip(t, "-n", "web", "addr", "add", "10.0.1.20", "peer", "10.0.1.21", "dev", "eth0")
	ip(t, "link", "add", "v-pid", "type", "veth", "peer", "name", "eth7", "address", "02:00:00:00:00:07", "netns", pid)
	ip(t, "link", "add", "v-a", "address", "02:00:00:00:00:0a", "type", "veth", "peer", "name", "v-b", "address", "02:00:00:00:00:0b")
	ip(t, "addr", "add", "192.0.2.1/24", "dev", "v-b")
	ip(t, "link", "add", "br0", "type", "bridge")
	ip(t, "link", "set", "v-web", "master", "br0")
	ip(t, "tuntap", "add", "tap0", "mode", "tap")
	ip(t, "tuntap", "add", "tun0", "mode", "tun")
	for name, kind := range map[string]int{"ppp0": unix.ARPHRD_PPP, "wwan0": unix.ARPHRD_RAWIP, "tunl0": unix.ARPHRD_TUNNEL} {
		ip(t, "tuntap", "add", name, "mode", "tun")
		isOf(t, name, kind)
	}
	named := "/proc/" + pid + "/ns/net"
	got, unread := list(t, Query{Netns: []string{"web", "web"}, Behind: true, PeerNetns: []string{named}})
	if len(unread) > 0 {
		t.Errorf("%v", unread)
	}
	web := []netip.Addr{netip.MustParseAddr("10.0.1.10"), netip.MustParseAddr("10.0.1.20")}
	for name, want := range map[string]Device{
		"v-web":    {Kind: "veth", MAC: "02:00:00:00:00:01", Master: got["br0"].Index, Bridge: "br0", Peer: &Peer{Index: got["web:eth0"].Index, Name: "eth0", MAC: "02:00:00:00:00:02", Addresses: web, Netns: []string{"web"}}},
		"v-a":      {Kind: "veth", MAC: "02:00:00:00:00:0a", Peer: &Peer{Index: got["v-b"].Index, Name: "v-b", MAC: "02:00:00:00:00:0b", Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}},
		"tap0":     {Kind: "tun", MAC: got["tap0"].MAC},
		"tun0":     {Kind: "tun", Raw: true},
		"ppp0":     {Kind: "tun", Raw: true},
		"wwan0":    {Kind: "tun", Raw: true},
		"tunl0":    {Kind: "tun", MAC: "00:00:00:00", OddFrames: unix.ARPHRD_TUNNEL},
		"web:eth0": {Netns: "web", Cookie: got["web:eth0"].Cookie, Kind: "veth", MAC: "02:00:00:00:00:02", Addresses: web},
	} {
		_, bare, ok := strings.Cut(name, ":")
		if want.Name = bare; !ok {
			want.Name = name
		}
		want.Index = got[name].Index
		if diff := cmp.Diff(want, got[name], cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" || want.Index == 0 {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if d := got["v-pid"]; d.Peer == nil || d.Peer.Name != "eth7" || len(d.Peer.Netns) != 1 || d.Peer.Netns[0] != named || !d.HasTwoSides() {
		t.Errorf("%+v", d)
	}
	if a, b := got["tap0"], got["tun0"]; !a.HasTwoSides() || b.HasTwoSides() {
		t.Errorf("%+v, %+v", a, b)
	}
	if got["web:eth0"].Cookie == 0 || got["web:lo"].Cookie != got["web:eth0"].Cookie {
		t.Errorf("%+v", got)
	}
	// Nobody asked for what is behind.
	if got, _ := list(t, Query{}); got["v-a"].Peer != nil || got["v-web"].Bridge != "br0" || got["web:eth0"].Name != "" {
		t.Errorf("%+v", got)
	}
}

// isOf makes a device of tun one whose frames are of another kind (ARPHRD).
func isOf(t *testing.T, name string, kind int) {
	t.Helper()
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq(name)
	if err != nil {
		t.Fatal(err)
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err == nil {
		err = unix.IoctlSetInt(fd, unix.TUNSETLINK, kind)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestUnread has network namespaces that can't be looked into, each with why.
func TestUnread(t *testing.T) {
	alone(t)
	ip(t, "netns", "add", "web")
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, unread := list(t, Query{Netns: []string{"web", "/run/netns/web", "none", plain, "/proc/thread-self/ns/net"}})
	want := map[string]string{
		"web":                      "it is the network namespace /run/netns/web too: name it so",
		"none":                     "there is no network namespace /run/netns/none",
		plain:                      plain + " is no network namespace",
		"/proc/thread-self/ns/net": "it is the network namespace that the agent runs in: leave netns out",
	}
	if diff := cmp.Diff(want, unread); diff != "" {
		t.Error(diff)
	}
}
