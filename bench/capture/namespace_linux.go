package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// namespace is a thread with a network namespace of its own.
type namespace struct {
	id int // of the thread
	do chan func()
}

func newNamespace() (*namespace, error) {
	n := &namespace{do: make(chan func())}
	began := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		n.id = syscall.Gettid()
		began <- syscall.Unshare(syscall.CLONE_NEWNET)
		for f := range n.do {
			f()
		}
	}()
	return n, <-began
}

// in runs a function within the namespace.
func (n *namespace) in(f func() error) error {
	done := make(chan error)
	n.do <- func() { done <- f() }
	return <-done
}

// ip runs the ip command within the namespace.
func (n *namespace) ip(ctx context.Context, words ...string) ([]byte, error) {
	var out []byte
	err := n.in(func() error {
		var err error
		if out, err = exec.CommandContext(ctx, "ip", words...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", strings.Join(words, " "), err, out)
		}
		return nil
	})
	return out, err
}

// The two sides of the pair, and their addresses.
const (
	hostDevice, hostAddress         = "eni-host", "203.0.113.5"
	instanceDevice, instanceAddress = "eni0", "10.0.1.10"
)

// connect makes a veth pair between two namespaces.
func connect(ctx context.Context, host, instance *namespace) error {
	const hostMAC, instanceMAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
	steps := []struct {
		at    *namespace
		words string
	}{
		{host, "link set lo up"},
		{host, "link add " + hostDevice + " address " + hostMAC + " type veth peer name " + instanceDevice + " address " + instanceMAC + " netns " + strconv.Itoa(instance.id)},
	}
	for _, end := range []struct {
		at                         *namespace
		device, own, peer, peerMAC string
	}{{host, hostDevice, hostAddress, instanceAddress, instanceMAC}, {instance, instanceDevice, instanceAddress, hostAddress, hostMAC}} {
		for _, words := range []string{
			"link set " + end.device + " addrgenmode none", "link set " + end.device + " up", "addr add " + end.own + "/32 dev " + end.device,
			"route add " + end.peer + "/32 dev " + end.device, "neigh add " + end.peer + " lladdr " + end.peerMAC + " dev " + end.device,
		} {
			steps = append(steps, struct {
				at    *namespace
				words string
			}{end.at, words})
		}
	}
	for _, s := range steps {
		if _, err := s.at.ip(ctx, strings.Fields(s.words)...); err != nil {
			return err
		}
	}
	return nil
}

// frames returns how many frames a device has got, and how many it has sent.
func (n *namespace) frames(ctx context.Context, device string) (received, sent int64, err error) {
	text, err := n.ip(ctx, "-s", "-j", "link", "show", device)
	if err != nil {
		return 0, 0, err
	}
	var out []struct {
		Stats64 struct{ RX, TX struct{ Packets int64 } }
	}
	if err := json.Unmarshal(text, &out); err != nil || len(out) != 1 {
		return 0, 0, fmt.Errorf("%s: %w", text, err)
	}
	return out[0].Stats64.RX.Packets, out[0].Stats64.TX.Packets, nil
}

// sent returns how many packets of TCP and UDP the namespace has sent, as they are on the wire: a frame that the stack hands
// over for the card to cut counts as what it is cut into.
//
// Source: RFC 4022 (tcpOutSegs, which is without tcpRetransSegs) and RFC 4113 (udpOutDatagrams).
func (n *namespace) sent() (int64, error) {
	var text []byte
	err := n.in(func() (err error) {
		text, err = os.ReadFile("/proc/thread-self/net/snmp")
		return err
	})
	if err != nil {
		return 0, err
	}
	var total int64
	names := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		protocol, rest, _ := strings.Cut(line, ":")
		words := strings.Fields(rest)
		if names[protocol] == nil {
			names[protocol] = words
			continue
		}
		for i, name := range names[protocol] {
			if protocol == "Tcp" && (name == "OutSegs" || name == "RetransSegs") || protocol == "Udp" && name == "OutDatagrams" {
				v, err := strconv.ParseInt(words[i], 10, 64)
				if err != nil {
					return 0, err
				}
				total += v
			}
		}
	}
	return total, nil
}

// busy returns how long the CPUs of the machine were not idle since it began, in seconds.
func busy() (float64, error) {
	f, err := os.Open("/proc/stat")
	if err != nil {
		return 0, err
	}
	defer f.Close()
	line, err := bufio.NewReader(f).ReadString('\n')
	if err != nil {
		return 0, err
	}
	var total int64
	for i, word := range strings.Fields(line)[1:] {
		if i > 6 || i == 3 || i == 4 { // idle and waiting for disks; behind 6 are what others took, and guests, which are in the first
			continue
		}
		v, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			return 0, err
		}
		total += v
	}
	return float64(total) / 100, nil // USER_HZ
}

// listening reports whether something listens at a TCP port, for IPv4, or for both families.
func (n *namespace) listening(port uint16) (is bool, err error) {
	err = n.in(func() error {
		for _, name := range []string{"tcp", "tcp6"} {
			text, err := os.ReadFile("/proc/thread-self/net/" + name)
			if err != nil {
				return err
			}
			// Columns: number, local address, remote address, state, of which 0A is LISTEN.
			for line := range strings.Lines(string(text)) {
				f := strings.Fields(line)
				is = is || len(f) > 3 && f[3] == "0A" && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", port))
			}
		}
		return nil
	})
	return is, err
}
