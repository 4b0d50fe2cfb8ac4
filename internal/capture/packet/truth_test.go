package packet_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"weir/internal/capture/packet"
	"weir/internal/capture/packetfile"
	"weir/internal/sharedtest"
)

// flow is what the truth tells flows apart by. ports is "source destination", or empty for what has none to read: later
// fragments, and packets that are cut off before them.
type flow struct {
	src, dst netip.Addr
	ports    string
	protocol int
}

// sum is what is counted of a flow.
type sum struct {
	packets, bytes int
	flags          uint8
	first, last    int64 // microseconds since 1970
}

func (s sum) String() string {
	return fmt.Sprintf("%d packets, %d bytes, flags %d, from %d to %d", s.packets, s.bytes, s.flags, s.first, s.last)
}

func (s *sum) add(o sum) {
	if s.packets == 0 {
		s.first, s.last = o.first, o.last
	}
	s.packets, s.bytes, s.flags = s.packets+o.packets, s.bytes+o.bytes, s.flags|o.flags
	s.first, s.last = min(s.first, o.first), max(s.last, o.last)
}

// same reports whether two sums are equal. The truth was taken from the originals, whose nanoseconds were rounded, while the
// copies have them cut off: their times differ by up to a microsecond.
func (s sum) same(o sum) bool {
	near := func(a, b int64) bool { return -1 <= a-b && a-b <= 1 }
	return s.packets == o.packets && s.bytes == o.bytes && s.flags == o.flags && near(s.first, o.first) && near(s.last, o.last)
}

// capture is a capture of the data sets.
type capture struct {
	name   string // with its set: "zeek/mixed-vlan-mpls.pcap"
	path   string
	frames int
	later  int  // fragments that are not the first
	strict bool // tshark counts the same
	truth  map[flow]sum
}

// captures reads the truth about all captures.
func captures(t *testing.T) []*capture {
	t.Helper()
	root := sharedtest.Path(t, "data", "pcaps")
	sets, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	var all []*capture
	for _, set := range sets {
		dir := filepath.Join(root, set.Name())
		raw, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
		if err != nil {
			t.Fatal(err)
		}
		var manifest []struct {
			File   string
			Frames int
			Check  string `json:"tshark_check"`
			Later  int    `json:"nonfirst_fragments"`
		}
		if err := json.Unmarshal(raw, &manifest); err != nil {
			t.Fatal(err)
		}
		byName := map[string]*capture{}
		for _, m := range manifest {
			c := &capture{
				name: set.Name() + "/" + m.File, path: filepath.Join(dir, "pcap", m.File),
				frames: m.Frames, later: m.Later, strict: m.Check == "equal", truth: map[flow]sum{},
			}
			byName[m.File] = c
			all = append(all, c)
		}
		readTruth(t, filepath.Join(dir, "truth_flows.csv"), byName)
	}
	return all
}

// readTruth reads truth_flows.csv: pcap,src,dst,sport,dport,proto,packets,ip_bytes,tcp_flags_or,first_ts,last_ts.
func readTruth(t *testing.T, name string, into map[string]*capture) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return n
	}
	for _, r := range rows[1:] {
		k := flow{src: netip.MustParseAddr(r[1]), dst: netip.MustParseAddr(r[2]), protocol: number(r[5])}
		if r[3] != "" {
			k.ports = r[3] + " " + r[4]
		}
		micros := func(s string) int64 { return int64(number(strings.Replace(s, ".", "", 1))) }
		s := into[r[0]].truth[k]
		s.add(sum{number(r[6]), number(r[7]), uint8(number(r[8])), micros(r[9]), micros(r[10])})
		into[r[0]].truth[k] = s
	}
}

// read gives see each frame of a capture.
func (c *capture) read(t *testing.T, see func(f *packetfile.Frame)) {
	t.Helper()
	file, err := os.Open(c.path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, err := packetfile.Open(c.name, file)
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; ; n++ {
		f, err := r.Next()
		if err == io.EOF {
			if n != c.frames {
				t.Errorf("%s: %d frames, want %d", c.name, n, c.frames)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		see(f)
	}
}

// flowOf returns what the truth counts a packet under: it has rows of their own for what has no ports to read.
func flowOf(p *packet.Packet, out packet.Outcome) flow {
	f := flow{p.Src, p.Dst, fmt.Sprintf("%d %d", p.SrcPort, p.DstPort), p.Protocol}
	ported := p.Protocol == 6 || p.Protocol == 17 || p.Protocol == 33 || p.Protocol == 132
	if p.Fragment == packet.LaterFragment || (out == packet.ShortTransport && ported) {
		f.ports = ""
	}
	return f
}

func count(into map[flow]sum, f flow, p *packet.Packet, at time.Time) {
	s := into[f]
	s.add(sum{1, p.Bytes, p.Flags, at.UnixMicro(), at.UnixMicro()})
	into[f] = s
}

// explained are the captures whose truth differs from what is counted, and why. The page docs/reference/packet-truth.md
// has the same list.
var explained = map[string]string{
	"arkime/arkime_synthetic.pcap":             "a packet behind an MPLS label and one behind PPPoE, which the truth calls no IP; tshark counts them too",
	"ndpi/dns.pcap":                            "2 packets are behind two VLAN tags and PPPoE, and the truth calls them no IP; tshark counts them too",
	"tcpdump/LINKTYPE_IPV4_invalid.pcap":       "the link type says IPv4, and the header IPv6: it is malformed; the truth went by the header",
	"tcpdump/LINKTYPE_IPV6_invalid.pcap":       "the link type says IPv6, and the header IPv4: as above, and it is shorter than an IPv6 header",
	"tcpdump/ipv4_invalid_total_length_2.pcap": "its total length, 19, is less than its header: it is malformed; the truth counts 19 bytes",
	"tcpdump/time_2106_overflow.pcap":          "the original is pcapng with a time that the pcap of the copy can't hold",
	"tcpdump/time_2107.pcap":                   "the original is pcapng with a time that the pcap of the copy can't hold",
	"zeek/mixed-vlan-mpls.pcap":                "11 packets are behind MPLS labels, and the truth calls them no IP; tshark counts them too",
}

// TestTruth compares what is counted of the captures of seven projects with the truth beside them: each flow's packets,
// bytes, flags, first and last time.
func TestTruth(t *testing.T) {
	all, others, differ := 0, 0, map[string]bool{}
	for _, c := range captures(t) {
		d, got, p := packet.NewDissector(), map[flow]sum{}, packet.Packet{}
		later := 0
		c.read(t, func(f *packetfile.Frame) {
			out := d.Dissect(f.Link, f.Data, f.Length, f.Time, &p)
			if !out.Counts() {
				return
			}
			if p.Fragment == packet.LaterFragment {
				later++
			}
			count(got, flowOf(&p, out), &p, f.Time)
		})
		all++
		if !c.strict {
			others++
		}
		lines := differences(got, c.truth)
		if later != c.later {
			lines = append(lines, fmt.Sprintf("%d later fragments, and %d in truth", later, c.later))
		}
		if len(lines) == 0 {
			continue
		}
		differ[c.name] = true
		if c.strict || explained[c.name] == "" {
			t.Errorf("%s (strict: %v):\n%s", c.name, c.strict, strings.Join(lines[:min(len(lines), 5)], "\n"))
		}
	}
	for name := range explained {
		if !differ[name] {
			t.Errorf("%s is explained, and equal", name)
		}
	}
	if all != 1931 || others != 281 || 100*len(differ) > 3*others {
		t.Errorf("%d captures, %d of them without tshark's word, %d differ; want 1931, 281, at most 3 of 100", all, others, len(differ))
	}
}

func differences(got, truth map[flow]sum) []string {
	var lines []string
	for f, s := range truth {
		if !got[f].same(s) {
			lines = append(lines, fmt.Sprintf("%v > %v ports %q protocol %d: %v, and in truth %v", f.src, f.dst, f.ports, f.protocol, got[f], s))
		}
	}
	for f, s := range got {
		if _, ok := truth[f]; !ok {
			lines = append(lines, fmt.Sprintf("%v > %v ports %q protocol %d: %v, and not in truth", f.src, f.dst, f.ports, f.protocol, s))
		}
	}
	slices.Sort(lines)
	return lines
}

// TestPageExplains checks that docs/reference/packet-truth.md lists what is explained, in the same words.
func TestPageExplains(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "reference", "packet-truth.md"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(page), ".pcap` |"); n != len(explained) {
		t.Errorf("the page explains %d captures, want %d", n, len(explained))
	}
	for name, why := range explained {
		if row := "| `" + name + "` | " + why + " |"; !strings.Contains(string(page), row) {
			t.Errorf("the page does not have the row\n%s", row)
		}
	}
}
