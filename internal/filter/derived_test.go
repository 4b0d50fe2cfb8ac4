package filter

import (
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/flowlog"
	"weir/internal/query"
	"weir/internal/sharedtest"
)

// derivedAnswers are what others counted over the same records.
type derivedAnswers struct {
	Records  int            `json:"records"`
	Action   map[string]int `json:"count_by_action"`
	Protocol map[string]int `json:"count_by_protocol"`
	SSH      perMinute      `json:"q_ssh_per_minute"`
	RDP      perMinute      `json:"q_rdp_per_minute"`
	Subnet   top            `json:"q_subnet_top15_dst"`
}

type perMinute struct {
	Rows [][2]int `json:"rows"`
}

// sum returns the number of all minutes together.
func (p perMinute) sum() (n int) {
	for _, row := range p.Rows {
		n += row[1]
	}
	return n
}

// at returns the number of a minute.
func (p perMinute) at(minute int) int {
	for _, row := range p.Rows {
		if row[0] == minute {
			return row[1]
		}
	}
	return -1
}

type top struct {
	Top [][2]any `json:"top"`
}

// TestDerived filters about 25,000 records of real traffic and compares with answers
// that were not computed by weir.
func TestDerived(t *testing.T) {
	dir := sharedtest.Path(t, "data", "flowlogs", "derived-flowlogs")
	b, err := os.ReadFile(filepath.Join(dir, "expected_query_results.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want derivedAnswers
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	batches := readFolder(t, dir)
	for text, n := range map[string]int{
		"version is present or version is absent":                  want.Records,
		"action = accept":                                          want.Action["ACCEPT"],
		"not action = accept":                                      want.Action["REJECT"],
		"protocol = tcp":                                           want.Protocol["6"],
		"protocol in (udp, icmpv6)":                                want.Protocol["17"] + want.Protocol["58"],
		"protocol not in (0..43, 45..255)":                         want.Protocol["44"],
		"dstport = ssh and protocol = tcp":                         want.SSH.sum(),
		"not (dstport != rdp or protocol < tcp or protocol > tcp)": want.RDP.sum(),
		// 1772425380 is 2026-03-02T04:23:00Z.
		"start in 2026-03-02T04:23..2026-03-02T04:23:59 and dstport = 22 and protocol = 6": want.SSH.at(1772425380),
	} {
		if got := count(t, batches, text, func(flowlog.Record) int { return 1 }); got != n {
			t.Errorf("%s: %d records, want %d", text, got, n)
		}
	}
	for _, row := range want.Subnet.Top {
		text := "srcaddr in 10.0.0.0/8 and dstaddr = " + row[0].(string)
		bytes := func(r flowlog.Record) int { n, _ := r.Int(flowlog.Bytes); return int(n) }
		if got := count(t, batches, text, bytes); got != int(row[1].(float64)) {
			t.Errorf("%s: %d bytes, want %v", text, got, row[1])
		}
	}
}

// count adds up a number over the records that pass a filter.
func count(t *testing.T, batches []*flowlog.Batch, text string, number func(flowlog.Record) int) (n int) {
	t.Helper()
	e, err := Parse(text, Options{})
	if err != nil {
		t.Fatal(err)
	}
	where, err := query.CompileWhere(e, flowlog.KindVPC)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range batches {
		for r := range b.Records() {
			ok, err := where(r)
			if err != nil {
				t.Fatal(err)
			}
			if ok {
				n += number(r)
			}
		}
	}
	return n
}

// readFolder decodes all flow logs in a folder and below.
func readFolder(t *testing.T, dir string) (out []*flowlog.Batch) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".log.gz") {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		d, err := flowlog.NewDecoder(f, flowlog.Options{})
		if err != nil {
			return err
		}
		for {
			b, err := d.Next()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			out = append(out, b)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
