package capturetest

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"weir/internal/capture/packetfile"
	"weir/internal/sharedtest"
)

// Capture is a capture of the data sets.
type Capture struct {
	Name   string // with its set: "zeek/mixed-vlan-mpls.pcap"
	Later  int    // fragments that are not the first
	Strict bool   // tshark counts the same
	Truth  Sums

	path   string
	frames int
}

// Captures returns all captures with their truth. The test is skipped where the data is absent.
func Captures(t testing.TB) []*Capture {
	t.Helper()
	return readCaptures(t, sharedtest.Path(t, "data", "pcaps"))
}

// Seeds returns all captures as [Captures] does, or none where the data is absent, for the seeds of a fuzz target.
func Seeds(t testing.TB) []*Capture {
	t.Helper()
	root, ok := sharedtest.Find(t, "data", "pcaps")
	if !ok {
		return nil
	}
	return readCaptures(t, root)
}

func readCaptures(t testing.TB, root string) []*Capture {
	t.Helper()
	sets, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	var all []*Capture
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
		byName := map[string]*Capture{}
		for _, m := range manifest {
			c := &Capture{
				Name: set.Name() + "/" + m.File, path: filepath.Join(dir, "pcap", m.File),
				frames: m.Frames, Later: m.Later, Strict: m.Check == "equal", Truth: Sums{},
			}
			byName[m.File] = c
			all = append(all, c)
		}
		readTruth(t, filepath.Join(dir, "truth_flows.csv"), byName)
	}
	return all
}

// readTruth reads truth_flows.csv: pcap,src,dst,sport,dport,proto,packets,ip_bytes,tcp_flags_or,first_ts,last_ts.
func readTruth(t testing.TB, name string, into map[string]*Capture) {
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
		k := Flow{Src: netip.MustParseAddr(r[1]), Dst: netip.MustParseAddr(r[2]), Protocol: number(r[5])}
		if r[3] != "" {
			k.Ports = r[3] + " " + r[4]
		}
		micros := func(s string) int64 { return int64(number(strings.Replace(s, ".", "", 1))) }
		into[r[0]].Truth.Add(k, Sum{number(r[6]), number(r[7]), uint8(number(r[8])), micros(r[9]), micros(r[10])})
	}
}

// Read gives see each frame of a capture.
func (c *Capture) Read(t testing.TB, see func(f *packetfile.Frame)) {
	t.Helper()
	file, err := os.Open(c.path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, err := packetfile.Open(c.Name, file)
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; ; n++ {
		f, err := r.Next()
		if err == io.EOF {
			if n != c.frames {
				t.Errorf("%s: %d frames, want %d", c.Name, n, c.frames)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		see(f)
	}
}
