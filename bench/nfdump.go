package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// nfdump asks the files that nfcapd wrote. What AWS calls an interface is a number in
// NetFlow 5.
type nfdump struct {
	dir, version, how string
	interfaces        map[string]uint16
	names             []string // by number, from 1
}

// nfQuestion is a question to nfdump: its statistic, or an aggregation of flows in a
// format, over a filter. columns are those of the answer, from 0, the first of which
// is an interface where named says so.
type nfQuestion struct {
	args    []string
	filter  string
	columns []int
	named   bool
}

// The columns of nfdump's statistics as CSV: the value, and its flows and bytes.
const (
	nfValue = 4
	nfFlows = 5
	nfBytes = 9
)

// The numbers of interfaces by which the output interface tells the action, for which
// NetFlow 5 has no field.
const (
	nfAccepted = 1
	nfRejected = 2
)

// nfVersion finds the version, before which features stand without a space.
var nfVersion = regexp.MustCompile(`\d+\.[\d.]+`)

var nfQuestions = map[string]nfQuestion{
	"Q1": {args: []string{"-s", "srcip/bytes", "-n", "10", "-o", "csv"}, filter: "any", columns: []int{nfValue, nfBytes}},
	"Q2": {args: []string{"-s", "dstport/flows", "-n", "0", "-o", "csv"}, filter: fmt.Sprintf("out if %d", nfRejected), columns: []int{nfValue, nfFlows}},
	"Q3": {args: []string{"-s", "srcip/flows", "-n", "0", "-o", "csv"}, filter: "proto tcp and (dst port 22 or dst port 3389)", columns: []int{nfValue, nfFlows}},
	"Q4": {args: []string{"-s", "inif/bytes", "-n", "0", "-o", "csv"}, filter: "any", columns: []int{nfValue, nfBytes}, named: true},
	"Q5": {
		args: []string{"-A", "srcip,dstip", "-O", "bytes", "-n", "10", "-o", "fmt:%sa,%da,%byt"},
		filter: "dst net 10.0.0.0/16 and not (" +
			eachNotPublic(" or ", func(network string, _, _ netip.Addr) string { return "src net " + network }) + ")",
		columns: []int{0, 1, 2},
	},
}

// loadNfdump sends the day to nfcapd as NetFlow 5, which is how nfdump gets flows.
func loadNfdump(ctx context.Context, b *bench) (loaded, error) {
	n := &nfdump{dir: filepath.Join(b.dir, "nfdump"), interfaces: map[string]uint16{}}
	if err := errors.Join(os.RemoveAll(n.dir), os.MkdirAll(n.dir, 0o755)); err != nil {
		return nil, err
	}
	version, err := exec.CommandContext(ctx, "nfdump", "-V").Output()
	if err != nil {
		return nil, err
	}
	n.version = nfVersion.FindString(string(version))
	port, err := freePort("udp")
	if err != nil {
		return nil, err
	}
	// As seldom a new file as it may.
	cmd := exec.CommandContext(ctx, "nfcapd", "-w", n.dir, "-b", "127.0.0.1", "-p", strconv.Itoa(port), "-y", "-t", "86400")
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	sent, sendErr := n.send(ctx, b, port)
	endErr := errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait())
	if err := errors.Join(sendErr, endErr); err != nil {
		return nil, fmt.Errorf("nfcapd: %w", err)
	}
	used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	size, _, err := bytesOf(n.dir)
	n.how = fmt.Sprintf("%d flows in %.1f CPU-seconds of nfcapd, %.1f B each (LZ4; no names of interfaces, no log-status)",
		sent, used.Seconds(), float64(size)/float64(sent))
	return n, err
}

// nfPacket is how many flows a packet of NetFlow 5 has at most.
const nfPacket = 30

// send sends the records as NetFlow 5 and returns how many.
func (n *nfdump) send(ctx context.Context, b *bench, port int) (sent int, err error) {
	queue, err := waitForQueue(ctx, port)
	if err != nil {
		return 0, err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "udp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	packet := make([]byte, 24, 24+nfPacket*48)
	var booted, now uint32
	flush := func() error {
		count := (len(packet) - 24) / 48
		h := packet[:0:24]
		h = binary.BigEndian.AppendUint16(h, 5)
		h = binary.BigEndian.AppendUint16(h, uint16(count))
		h = binary.BigEndian.AppendUint32(h, (now-booted)*1000)
		h = binary.BigEndian.AppendUint32(h, now)
		h = binary.BigEndian.AppendUint32(h, 0)
		h = binary.BigEndian.AppendUint32(h, uint32(sent))
		binary.BigEndian.AppendUint32(h, 0) // engine, sampling
		if _, err := conn.Write(packet); err != nil {
			return err
		}
		sent += count
		packet = packet[:24]
		return queue.drain(ctx)
	}
	err = b.eachRecord(func(_ []byte, fields [][]byte) error {
		if _, ok := ipv4(fields[srcAddr]); !ok {
			return nil
		}
		f, err := numbers(fields, packets, octets, start, end, srcPort, dstPort, protocol)
		if err != nil {
			return err
		}
		if booted == 0 {
			booted = f[2] - 86400 // before all flows
		}
		now = max(now, f[3]) // a flow after the packet's time would be taken for one of 49 days before
		packet = n.append(packet, fields, f, booted)
		if len(packet) == cap(packet) {
			return flush()
		}
		return nil
	})
	if err == nil && len(packet) > 24 {
		err = flush()
	}
	if err == nil {
		err = queue.empty(ctx)
	}
	return sent, err
}

// append appends a flow to a packet.
func (n *nfdump) append(packet []byte, fields [][]byte, f []uint32, booted uint32) []byte {
	src, _ := ipv4(fields[srcAddr])
	dst, _ := ipv4(fields[dstAddr])
	name := string(fields[interfaceID])
	if n.interfaces[name] == 0 {
		n.names = append(n.names, name)
		n.interfaces[name] = uint16(len(n.names))
	}
	out := uint16(nfAccepted)
	if string(fields[action]) == "REJECT" {
		out = nfRejected
	}
	for _, v := range []uint32{src, dst, 0, uint32(n.interfaces[name])<<16 | uint32(out), f[0], f[1], (f[2] - booted) * 1000, (f[3] - booted) * 1000, f[4]<<16 | f[5], f[6] << 8, 0, 0} {
		packet = binary.BigEndian.AppendUint32(packet, v)
	}
	return packet
}

// numbers returns fields as numbers.
func numbers(fields [][]byte, which ...int) ([]uint32, error) {
	out := make([]uint32, len(which))
	for i, at := range which {
		n, err := strconv.ParseUint(string(fields[at]), 10, 32)
		if err != nil {
			return nil, err
		}
		out[i] = uint32(n)
	}
	return out, nil
}

func (n *nfdump) about() (name, how string) { return "nfdump " + n.version, n.how }

func (n *nfdump) ask(ctx context.Context, name string) ([]string, time.Duration, error) {
	q := nfQuestions[name]
	args := append([]string{"-R", n.dir, "-q", "-N"}, q.args...)
	cmd := exec.CommandContext(ctx, "nfdump", append(args, q.filter)...)
	began := time.Now()
	out, err := cmd.CombinedOutput()
	took := time.Since(began)
	if err != nil {
		return nil, 0, fmt.Errorf("nfdump: %w\n%s", err, out)
	}
	var rows []string
	for line := range strings.Lines(string(out)) {
		f := strings.Split(line, ",") // times have spaces
		if len(f) <= q.columns[len(q.columns)-1] || f[0] == "ts" {
			continue // the head
		}
		var s strings.Builder
		for _, c := range q.columns {
			v := strings.TrimSpace(f[c])
			if q.named && c == q.columns[0] {
				at, err := strconv.Atoi(v)
				if err != nil || at < 1 || at > len(n.names) {
					return nil, 0, fmt.Errorf("nfdump: no interface %q", v)
				}
				v = n.names[at-1]
			}
			s.WriteString(v + " ")
		}
		rows = append(rows, s.String())
	}
	return rows, took, nil
}

func (n *nfdump) close() error { return os.RemoveAll(n.dir) }
