package packet_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/internal/capture/capturetest"
	"weir/internal/capture/packet"
	"weir/internal/capture/packetfile"
)

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
	for _, c := range capturetest.Captures(t) {
		d, got, p := packet.NewDissector(), capturetest.Sums{}, packet.Packet{}
		later := 0
		c.Read(t, func(f *packetfile.Frame) {
			out := d.Dissect(f.Link, f.Data, f.Length, f.Time, &p)
			if !out.Counts() {
				return
			}
			if p.Fragment == packet.LaterFragment {
				later++
			}
			got.Add(capturetest.FlowOf(&p, out), capturetest.Of(&p, f.Time))
		})
		all++
		if !c.Strict {
			others++
		}
		lines := got.Differences(c.Truth)
		if later != c.Later {
			lines = append(lines, fmt.Sprintf("%d later fragments, and %d in truth", later, c.Later))
		}
		if len(lines) == 0 {
			continue
		}
		differ[c.Name] = true
		if c.Strict || explained[c.Name] == "" {
			t.Errorf("%s (strict: %v):\n%s", c.Name, c.Strict, strings.Join(lines[:min(len(lines), 5)], "\n"))
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

// TestPageExplains checks that docs/reference/packet-truth.md lists what is explained, in the same words.
func TestPageExplains(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "reference", "packet-truth.md"))
	if err != nil {
		t.Fatal(err)
	}
	text, _, ok := strings.Cut(string(page), "\n## The program in the kernel\n")
	if n := strings.Count(text, ".pcap` |"); !ok || n != len(explained) {
		t.Errorf("the page explains %d captures, want %d", n, len(explained))
	}
	for name, why := range explained {
		if row := "| `" + name + "` | " + why + " |"; !strings.Contains(text, row) {
			t.Errorf("the page does not have the row\n%s", row)
		}
	}
}
