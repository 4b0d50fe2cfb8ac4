package app

import (
	"encoding/csv"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/sharedtest"
)

// volume is what an address sent another.
type volume struct{ Packets, Bytes int64 }

// addressPair is a source and a destination address.
type addressPair [2]string

// countedByTshark returns what others counted between addresses in each capture of a set of which two programs say the same.
func countedByTshark(t *testing.T, dir string) map[string]map[addressPair]volume {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest []struct {
		File  string
		Check string `json:"tshark_check"`
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	out := map[string]map[addressPair]volume{}
	for _, m := range manifest {
		if m.Check == "equal" {
			out[m.File] = map[addressPair]volume{}
		}
	}
	file, err := os.Open(filepath.Join(dir, "truth_flows.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil || strings.Join(rows[0][:8], ",") != "pcap,src,dst,sport,dport,proto,packets,ip_bytes" {
		t.Fatal(rows[0], err)
	}
	for _, row := range rows[1:] {
		packets, err1 := strconv.ParseInt(row[6], 10, 64)
		bytes, err2 := strconv.ParseInt(row[7], 10, 64)
		if err1 != nil || err2 != nil {
			t.Fatal(row)
		}
		if of := out[row[0]]; of != nil {
			pair := addressPair{netip.MustParseAddr(row[1]).String(), netip.MustParseAddr(row[2]).String()}
			of[pair] = volume{of[pair].Packets + packets, of[pair].Bytes + bytes}
		}
	}
	return out
}

// TestPacketReplayAddsUp makes records of real captures in windows of a second: they add up to what others counted between addresses.
func TestPacketReplayAddsUp(t *testing.T) {
	root := sharedtest.Path(t, "data", "pcaps")
	for _, set := range []string{"ndpi", "suricata-verify", "zeek"} {
		captures := countedByTshark(t, filepath.Join(root, set))
		if len(captures) < 100 {
			t.Fatalf("%s has %d captures", set, len(captures))
		}
		for name, want := range captures {
			got := map[addressPair]volume{}
			p, err := NewPacketReplay(t.Context(), PacketReplayRequest{Interval: time.Second, Version: 2, Write: func(b *flowlog.Batch) error {
				for r := range b.Records() {
					start, _ := r.Int(flowlog.Start)
					end, _ := r.Int(flowlog.End)
					if start != end {
						t.Errorf("%s: a record from %d to %d is of two windows", name, start, end)
					}
					var of addressPair
					of[0], _ = r.Text(flowlog.SrcAddr)
					of[1], _ = r.Text(flowlog.DstAddr)
					packets, _ := r.Int(flowlog.Packets)
					bytes, _ := r.Int(flowlog.Bytes)
					got[of] = volume{got[of].Packets + packets, got[of].Bytes + bytes}
				}
				return nil
			}})
			if err != nil {
				t.Fatal(err)
			}
			report := replayed(t, p, filepath.Join(root, set, "pcap", name))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s/%s (-truth +records):\n%s%+v", set, name, diff, report)
			}
		}
	}
}

// replayed reads a capture file and ends the replay.
func replayed(t *testing.T, p *PacketReplay, path string) *PacketReplayReport {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := p.File(t.Context(), path, file); err != nil {
		t.Fatal(err)
	}
	report, err := p.End()
	if err != nil {
		t.Fatal(err)
	}
	return report
}
