package command

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// router has an instance forward and translate for a container behind it, with 172.17.0.2: it masquerades what the container sends, and publishes its port 8080 as its own 80.
func router(t *testing.T, instance *namespace) (container *namespace) {
	t.Helper()
	if _, err := exec.LookPath("nft"); err != nil && os.Getenv("WEIR_CI") != "1" {
		t.Skipf("not run: nftables is not installed: %v", err)
	}
	container = newNamespace(t)
	instance.ip(t, "link", "add", "c0", "type", "veth", "peer", "name", "eth0", "netns", strconv.Itoa(container.id))
	instance.ip(t, "addr", "add", "172.17.0.1/24", "dev", "c0")
	instance.ip(t, "link", "set", "c0", "up")
	container.ip(t, "addr", "add", "172.17.0.2/24", "dev", "eth0")
	container.ip(t, "link", "set", "eth0", "up")
	container.ip(t, "route", "add", "default", "via", "172.17.0.1")
	instance.in(func() {
		if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0); err != nil {
			t.Error(err)
		}
		out, err := exec.CommandContext(t.Context(), "nft", `table ip nat {
			chain in { type nat hook prerouting priority -100; iif eni0 tcp dport 80 dnat to 172.17.0.2:8080; }
			chain out { type nat hook postrouting priority 100; ip saddr 172.17.0.2 oif eni0 masquerade; }
		}`).CombinedOutput()
		if err != nil {
			t.Errorf("nft: %v: %s", err, out)
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	return container
}

// answer listens, and answers each connection with a word once it has got one.
func (n *namespace) answer(t *testing.T, at string) {
	t.Helper()
	n.in(func() {
		l, err := net.Listen("tcp4", at)
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					defer c.Close()
					if _, err := io.ReadFull(c, make([]byte, 5)); err == nil {
						io.WriteString(c, "world")
					}
				}()
			}
		}()
	})
}

// greet asks who answers, and waits for the end.
func (n *namespace) greet(t *testing.T, at string) {
	t.Helper()
	n.in(func() {
		c, err := net.Dial("tcp4", at)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		io.WriteString(c, "hello")
		if b, err := io.ReadAll(c); err != nil || string(b) != "world" {
			t.Errorf("%q, %v", b, err)
		}
	})
}

// TestTranslation has an agent at an instance that translates for a container: with nat: conntrack, records say who is behind the instance's address, and have all packets that its device has.
func TestTranslation(t *testing.T) {
	for _, tc := range []struct {
		nat, behind string // what is known of the container
	}{{"conntrack", "172.17.0.2"}, {"none", "10.0.1.10"}} {
		t.Run(tc.nat, func(t *testing.T) {
			t.Parallel()
			host, instance := wire(t)
			instance.ip(t, "link", "set", "lo", "up")
			container := router(t, instance)
			dir := t.TempDir()
			conf := "nat: " + tc.nat + "\n" + strings.ReplaceAll(strings.ReplaceAll(configOf("shadow"), "{device: eni-*, eni: eni-web, flipped: true,", "{device: eni0, eni: eni-web, flipped: false,"), "${weir-would-action}", "${pkt-srcaddr} ${pkt-dstaddr} ${weir-would-action}")
			p := start(t, instance, dir, conf)
			host.answer(t, "203.0.113.5:7000")
			container.answer(t, "172.17.0.2:8080")
			container.greet(t, "203.0.113.5:7000")
			instance.greet(t, "203.0.113.5:7000")
			host.greet(t, "10.0.1.10:80")
			log := p.end(t)
			all := records(t, filepath.Join(dir, "logs"), keysOfAll)
			seen := map[string]bool{}
			for _, r := range all {
				far := map[string]string{"ingress": "srcport", "egress": "dstport"}[r["flow-direction"]]
				port := "of ours"
				if r[far] == "7000" {
					port = "7000"
				}
				seen[strings.Join([]string{port, r["flow-direction"], r["srcaddr"], r["dstaddr"], r["pkt-srcaddr"], r["pkt-dstaddr"]}, " ")] = true
			}
			want := map[string]bool{
				"7000 egress 10.0.1.10 203.0.113.5 10.0.1.10 203.0.113.5":            true, // the instance's own
				"7000 ingress 203.0.113.5 10.0.1.10 203.0.113.5 10.0.1.10":           true,
				"7000 egress 10.0.1.10 203.0.113.5 " + tc.behind + " 203.0.113.5":    true, // masqueraded
				"7000 ingress 203.0.113.5 10.0.1.10 203.0.113.5 " + tc.behind:        true,
				"of ours ingress 203.0.113.5 10.0.1.10 203.0.113.5 " + tc.behind:     true, // the published port
				"of ours egress 10.0.1.10 203.0.113.5 " + tc.behind + " 203.0.113.5": true,
			}
			if diff := cmp.Diff(want, seen); diff != "" {
				t.Errorf("(-want +got): %s\n%s", diff, log)
			}
			received, sent := instance.counters(t, "eni0")
			if in, out := sum(t, all, "flow-direction=ingress"), sum(t, all, "flow-direction=egress"); in != received || out != sent {
				t.Errorf("records have %v in and %v out, the device %v and %v", in, out, received, sent)
			}
		})
	}
}
