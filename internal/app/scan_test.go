package app

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/diagnose"
	"weir/internal/sharedtest"
)

// flow is a connection that somebody saw, as a flow log would show it at an ENI of its host.
type flow struct {
	at                 int64 // seconds since the epoch
	src, dst           string
	srcPort, dstPort   string
	protocol           int
	opening, answering int  // tcp-flags
	answered           bool // by what has the flags answering
}

// scanLake returns a lake of flow logs with tcp-flags that show flows, each in the minute in
// which it began.
func scanLake(t *testing.T, flows []flow) *Local {
	t.Helper()
	type window struct {
		interfaceID, src, dst, srcPort, dstPort string
		protocol                                int
		at                                      int64
	}
	flags, packets := map[window]int{}, map[window]int{}
	var order []window
	see := func(w window, f int) {
		if packets[w] == 0 {
			order = append(order, w)
		}
		flags[w] |= f
		packets[w]++
	}
	newest, oldest := int64(0), flows[0].at
	for _, f := range flows {
		at := f.at / 60 * 60
		newest, oldest = max(newest, at), min(oldest, at)
		eni := "eni-" + strings.NewReplacer(".", "-", ":", "-").Replace(f.dst)
		see(window{eni, f.src, f.dst, f.srcPort, f.dstPort, f.protocol, at}, f.opening)
		if f.answered {
			see(window{eni, f.dst, f.src, f.dstPort, f.srcPort, f.protocol, at}, f.answering)
		}
	}
	var text strings.Builder
	text.WriteString("version interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status tcp-flags\n")
	for _, w := range order {
		fmt.Fprintf(&text, "3 %s %s %s %s %s %d %d %d %d %d ACCEPT OK %d\n", w.interfaceID, w.src, w.dst, w.srcPort, w.dstPort, w.protocol, packets[w], packets[w]*52, w.at, w.at+59, flags[w])
	}
	// The log goes on before and after, so that what is missing was not there.
	hosts := map[string]bool{}
	for _, w := range order {
		if hosts[w.interfaceID] {
			continue
		}
		hosts[w.interfaceID] = true
		for _, at := range []int64{oldest/60*60 - 300, newest + 300} {
			fmt.Fprintf(&text, "3 %s 192.0.2.1 %s 443 443 17 1 52 %d %d ACCEPT OK -\n", w.interfaceID, w.dst, at, at+59)
		}
	}
	dir := t.TempDir()
	logs := filepath.Join(dir, "logs")
	if err := os.Mkdir(logs, 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(logs, "flow.log"), text.String(), time.Hour)
	s, err := OpenLocal(t.Context(), LocalOptions{Data: filepath.Join(dir, "data")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, err := s.Open(t.Context(), OpenRequest{Sources: []string{logs}, All: true, Workers: 1}, func(Progress) {}); err != nil {
		t.Fatal(err)
	}
	return s
}

// found says what was found: kinds, source, service of the first target, hosts and ports.
func found(r *ScanReport) []string {
	var out []string
	for _, f := range r.Found {
		kinds := make([]string, len(f.Kinds))
		for i, k := range f.Kinds {
			kinds[i] = string(k)
		}
		out = append(out, fmt.Sprintf("%s %s %d/%d hosts %d ports %d", strings.Join(kinds, "+"), f.Source, f.Targets[0].Protocol, f.Targets[0].Port, f.Hosts, f.Ports))
	}
	return out
}

func scansOf(t *testing.T, s Service) *ScanReport {
	t.Helper()
	r, err := Scans(t.Context(), s, ScanRequest{Thresholds: diagnose.DefaultThresholds, Data: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// readCSV reads a file whose first line names its columns.
func readCSV(t *testing.T, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord = -1
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			if i < len(line) {
				row[name] = strings.TrimSpace(line[i])
			}
		}
		out = append(out, row)
	}
	return out
}

// TestScansOfLogins counts the attempts of real captures of RDP and SSH: those of RDP are a
// brute force at most of its hosts, those of SSH are benign.
func TestScansOfLogins(t *testing.T) {
	for name, tt := range map[string]struct {
		path string
		want []string
	}{
		"rdp": {"wrccdc-rdp/rdp_connections.csv", []string{"brute-force 10.164.94.120 6/3389 hosts 17 ports 1"}},
		"ssh": {"wrccdc-ssh/ssh_connections.csv", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var flows []flow
			type attempt struct {
				src, dst, port string
				minute         int64
			}
			attempts := map[attempt]bool{} // that can be told apart in a minute's records
			hosts := map[string]bool{}
			for _, row := range readCSV(t, sharedtest.Path(t, "data", "flowrecords", tt.path)) {
				at, err := strconv.ParseFloat(row["ts"], 64)
				if err != nil {
					t.Fatal(err)
				}
				flows = append(flows, flow{int64(at), row["src"], row["dst"], row["sport"], row["dport"], 6, 2, 18, true})
				if row["src"] == "10.164.94.120" {
					attempts[attempt{row["src"], row["dst"], row["sport"], int64(at) / 60}] = true
					hosts[row["dst"]] = true
				}
			}
			r := scansOf(t, scanLake(t, flows))
			t.Logf("%d connections, %d of the source can be told apart, at %d hosts", len(flows), len(attempts), len(hosts))
			if diff := cmp.Diff(tt.want, found(r)); diff != "" {
				t.Error(diff)
			}
			for _, f := range r.Found {
				if f.Attempts != int64(len(attempts)) || f.Answered != f.Attempts || f.Hosts != len(hosts) {
					t.Errorf("%+v at %d hosts, want %d at %d", f.Fates, f.Hosts, len(attempts), len(hosts))
				}
			}
		})
	}
}

// TestScansOfMixes finds what stratosphere's captures were labelled for: a scan of the ports of
// a host, RDP and SMB at many hosts; and nothing in traffic of a malware that only talks much.
func TestScansOfMixes(t *testing.T) {
	argus := func(t *testing.T, path string) []flow {
		var out []flow
		for _, row := range readCSV(t, path) {
			protocol := map[string]int{"tcp": 6, "udp": 17}[row["Proto"]]
			if protocol == 0 {
				continue
			}
			at, err := time.Parse("2006/01/02 15:04:05", row["StartTime"][:19])
			if err != nil {
				t.Fatal(err)
			}
			up, down, _ := strings.Cut(row["State"], "_")
			f := flow{at: at.Unix(), src: row["SrcAddr"], dst: row["DstAddr"], srcPort: row["Sport"], dstPort: row["Dport"], protocol: protocol}
			if protocol == 17 {
				f.answered = row["State"] == "CON"
			} else {
				f.opening, f.answering, f.answered = argusFlags(up, 0), argusFlags(down, 16), down != ""
			}
			out = append(out, f)
		}
		return out
	}
	zeek := func(t *testing.T, path string) []flow {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var out []flow
		for line := range strings.Lines(string(raw)) {
			var c struct {
				TS       float64 `json:"ts"`
				Src      string  `json:"id.orig_h"`
				Dst      string  `json:"id.resp_h"`
				SrcPort  int     `json:"id.orig_p"`
				DstPort  int     `json:"id.resp_p"`
				Protocol string  `json:"proto"`
				State    string  `json:"conn_state"`
				Replies  int     `json:"resp_pkts"`
			}
			if err := json.Unmarshal([]byte(line), &c); err != nil {
				t.Fatal(err)
			}
			protocol := map[string]int{"tcp": 6, "udp": 17}[c.Protocol]
			if protocol == 0 {
				continue
			}
			f := flow{int64(c.TS), c.Src, c.Dst, strconv.Itoa(c.SrcPort), strconv.Itoa(c.DstPort), protocol, 0, 0, c.Replies > 0}
			if protocol == 6 {
				if f.opening, f.answering = 2, 18; c.State == "REJ" {
					f.answering = 4
				}
			}
			out = append(out, f)
		}
		return out
	}
	for path, tt := range map[string]struct {
		read func(*testing.T, string) []flow
		want []string
	}{
		"port-scans/vertical/conn.log": {zeek, []string{"vertical-scan 192.168.1.9 6/80 hosts 1 ports 44"}},
		"test2-malicious.binetflow":    {argus, nil},
		"test3-mixed.binetflow": {argus, []string{
			"horizontal-scan 46.166.151.160 6/3389 hosts 28 ports 1", "horizontal-scan 216.73.23.146 6/445 hosts 11 ports 1",
		}},
		"test9-mixed-zeek-dir/conn.log":      {zeek, nil},
		"test14-malicious-zeek-dir/conn.log": {zeek, nil},
	} {
		t.Run(path, func(t *testing.T) {
			flows := tt.read(t, sharedtest.Path(t, "data", "flowrecords", "slips", path))
			if diff := cmp.Diff(tt.want, found(scansOf(t, scanLake(t, flows)))); diff != "" {
				t.Errorf("of %d flows:\n%s", len(flows), diff)
			}
		})
	}
}

// argusFlags returns tcp-flags of what argus writes of one way; where it has a SYN, as with
// another one.
func argusFlags(state string, with int) int {
	flags := 0
	for i, letter := range []string{"F", "S", "R"} {
		if strings.Contains(state, letter) {
			flags |= 1 << i
		}
	}
	if flags&2 != 0 {
		flags |= with
	}
	return flags
}

// TestScanSightings reads what the query writes of records.
func TestScanSightings(t *testing.T) {
	row := []any{"203.0.113.1", "10.0.0.1", int64(6), int64(22), int64(5), int64(7), int64(7), int64(0), int64(0), int64(0), int64(0), int64(0), int64(1), int64(1), int64(1), int64(1), int64(1), true, "ingress REJECT eni-1 40000 99"}
	a, err := attemptsOf(row)
	want := diagnose.Sighting{Interface: "eni-1", Direction: "ingress", Action: "REJECT", ClientPort: 40000, End: 99}
	if err != nil || a.Sighting != want || !a.Guessed || a.Refused != 7 {
		t.Errorf("%+v, %v", a, err)
	}
	for i, bad := range []string{"-", "10.0.0.300"} {
		broken := slices.Clone(row)
		broken[i] = bad
		if _, err := attemptsOf(broken); err == nil {
			t.Errorf("%q was read as an address", bad)
		}
	}
}
