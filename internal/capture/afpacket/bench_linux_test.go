package afpacket

import (
	"bufio"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"weir/internal/capture/packet"
)

// BenchmarkSee has datagrams of flows that are known: what it costs to read and decide of one, and to count it. CPU is what others on the machine do not change.
func BenchmarkSee(b *testing.B) {
	for _, n := range []int{1, 1024, 65536} {
		b.Run(fmt.Sprint(n, " flows"), func(b *testing.B) {
			c := open(b, Options{})
			w := c.interfaces["eni-web"]
			all := make([]frame, n)
			for i := range all {
				data := datagram(uint16(i), 53)
				all[i] = frame{data: data, length: len(data), at: int64(1_800_000_000 * time.Second)}
				w.see(packet.Ethernet, &all[i], false, time.Second)
			}
			began := cpu(b)
			b.ResetTimer()
			for i := range b.N {
				w.see(packet.Ethernet, &all[i*7919%n], false, time.Second)
			}
			b.ReportMetric(float64((cpu(b)-began).Nanoseconds())/float64(b.N), "cpu-ns/op")
		})
	}
}

// asFlood has this test's binary send datagrams: so many.
const asFlood = "WEIR_TEST_FLOOD"

func TestMain(m *testing.M) {
	if n, err := strconv.Atoi(os.Getenv(asFlood)); err == nil {
		if err := flood(n); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// flood sends n datagrams of 64 bytes as fast as a thread can.
func flood(n int) error {
	c, err := net.ListenPacket("udp4", far4+":40000")
	if err != nil {
		return err
	}
	defer c.Close()
	to, data := net.UDPAddrFromAddrPort(netip.MustParseAddrPort(own4+":53")), make([]byte, 64)
	for range n {
		if _, err := c.WriteTo(data, to); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkWire has another process send datagrams over a pair of devices, while what is named looks at them. CPU is of both processes, for a packet.
//
//	go test -run xxx -bench Wire -benchtime 1000000x -count 5 ./internal/capture/afpacket
func BenchmarkWire(b *testing.B) {
	for _, by := range []string{"nothing", "packets", "tcpdump", "softflowd"} {
		b.Run(by, func(b *testing.B) {
			host, instance, index := wire(b)
			quiet(b, host, instance, own4+":53")
			var watcher *exec.Cmd
			var c *Capture
			switch by {
			case "packets":
				c = open(b, Options{})
				attach(b, c, host, Device{Index: index, Flipped: true})
			case "tcpdump":
				watcher = exec.Command(by, "-i", hostEnd, "-n", "-s", "96", "-w", "/dev/null")
			case "softflowd":
				watcher = exec.Command(by, "-d", "-i", hostEnd, "-n", "127.0.0.1:9", "-c", b.TempDir()+"/control", "-p", b.TempDir()+"/pid")
			}
			said := watch(b, host, watcher)
			sender := exec.Command(os.Args[0])
			sender.Env = append(os.Environ(), fmt.Sprintf("%s=%d", asFlood, b.N))
			began := cpu(b)
			b.ResetTimer()
			host.try(b, sender.Start)
			if err := sender.Wait(); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			used := sender.ProcessState.SystemTime() + sender.ProcessState.UserTime()
			if watcher != nil {
				b.Log(said())
				used += watcher.ProcessState.SystemTime() + watcher.ProcessState.UserTime()
			}
			if c != nil {
				got := counted(b, c)[own4+":53 ACCEPT"]
				used += cpu(b) - began
				tallies, err := c.Tallies("eni-web")
				if err != nil || got+int64(tallies.Dropped) != int64(b.N) {
					b.Errorf("%d counted and %d dropped of %d: %v", got, tallies.Dropped, b.N, err)
				}
				b.ReportMetric(float64(tallies.Dropped)/float64(b.N)*100, "%dropped")
			}
			b.ReportMetric(float64(used.Nanoseconds())/float64(b.N), "cpu-ns/op")
		})
	}
}

// watch starts a command that looks at packets, and returns once it does; end ends it, and returns what it said.
func watch(b *testing.B, at *namespace, cmd *exec.Cmd) (end func() string) {
	b.Helper()
	if cmd == nil {
		return func() string { return "" }
	}
	if cmd.Err != nil {
		b.Skipf("not run: %v", cmd.Err)
	}
	out, err := cmd.StderrPipe()
	if err != nil {
		b.Fatal(err)
	}
	at.try(b, cmd.Start)
	lines := bufio.NewScanner(out)
	lines.Scan() // that it begins
	return func() string {
		said := []string{lines.Text()}
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			b.Error(err)
		}
		for lines.Scan() {
			said = append(said, lines.Text())
		}
		if err := cmd.Wait(); err != nil {
			said = append(said, err.Error())
		}
		return strings.Join(said, "; ")
	}
}

// cpu returns the time that the process has had.
func cpu(b *testing.B) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
