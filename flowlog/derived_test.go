package flowlog_test

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/sharedtest"
)

// totals are sums over records, as the derived flow logs' expected results hold
// them.
type totals struct {
	Records    int64            `json:"records"`
	Files      int64            `json:"files"`
	ByAction   map[string]int64 `json:"count_by_action"`
	ByProtocol map[string]int64 `json:"count_by_protocol"`
	Packets    int64            `json:"sum_packets"`
	Bytes      int64            `json:"sum_bytes"`
}

// add adds the records of a batch.
func (s *totals) add(b *flowlog.Batch) {
	for r := range b.Records() {
		s.Records++
		action, _ := r.Text(flowlog.Action)
		s.ByAction[action]++
		protocol, _ := r.Text(flowlog.Protocol)
		s.ByProtocol[protocol]++
		packets, _ := r.Int(flowlog.Packets)
		bytes, _ := r.Int(flowlog.Bytes)
		s.Packets += packets
		s.Bytes += bytes
	}
}

// TestDerivedFlowLogs reads 271 objects of real traffic and compares with sums
// that others computed. Several decoders run at once.
func TestDerivedFlowLogs(t *testing.T) {
	root := sharedtest.Path(t, "data", "flowlogs", "derived-flowlogs")
	raw, err := os.ReadFile(path.Join(root, "expected_query_results.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want totals
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	var names []string
	err = fs.WalkDir(os.DirFS(root), ".", func(name string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(name, ".log.gz") {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	batches := make([][]*flowlog.Batch, len(names))
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := worker; i < len(names); i += 4 {
				batches[i] = readObject(t, path.Join(root, names[i]))
			}
		})
	}
	wg.Wait()
	got := totals{ByAction: map[string]int64{}, ByProtocol: map[string]int64{}, Files: int64(len(names))}
	for _, bs := range batches {
		for _, b := range bs {
			got.add(b)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
}

// readObject reads a file in which no line may be bad. It may run beside the
// test's own goroutine.
func readObject(t *testing.T, name string) []*flowlog.Batch {
	f, err := os.Open(name)
	if err != nil {
		t.Error(err)
		return nil
	}
	defer f.Close()
	d, err := flowlog.NewDecoder(f, flowlog.Options{})
	if err != nil {
		t.Error(err)
		return nil
	}
	var out []*flowlog.Batch
	for {
		b, err := d.Next()
		if err != nil {
			if stats := d.Stats(); err != io.EOF || stats.Bad > 0 {
				t.Errorf("%s: bad %v, error %v", name, stats.BadLines, err)
			}
			return out
		}
		out = append(out, b)
	}
}

// TestOtherFiles reads the files that lie beside flow logs: each is known not to
// be one.
func TestOtherFiles(t *testing.T) {
	root := sharedtest.Path(t, "data", "flowlogs")
	seen := 0
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, _ fs.DirEntry, err error) error {
		switch path.Ext(name) {
		case ".md", ".json", ".sql":
			data, err := os.ReadFile(path.Join(root, name))
			if err != nil {
				return err
			}
			if _, stats, err := decode(t, data, flowlog.Options{}); !errors.Is(err, flowlog.ErrNotFlowLog) || stats.Records > 0 {
				t.Errorf("%s: %d records, error %v", name, stats.Records, err)
			}
			seen++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 9 {
		t.Errorf("only %d files seen", seen)
	}
}

// TestRealTextObject reads a text object as AWS delivered it.
func TestRealTextObject(t *testing.T) {
	data := readFile(t, "testdata/sekoia-automation/111111111111_vpcflowlogs_eu-west-2_fl-0dcbf7c4c2483c6b6_20220221T1955Z_7fe2e5f7.log")
	batches, stats, err := decode(t, gz(t, string(data)), flowlog.Options{})
	if err != nil || stats.Bad > 0 || stats.Records != 5 {
		t.Fatalf("%d records, bad %v, error %v", stats.Records, stats.BadLines, err)
	}
	again := write(t, textWriter(flowlog.DefaultFormat(flowlog.KindVPC)), batches...)
	if diff := cmp.Diff(string(data), string(again)); diff != "" {
		t.Errorf("written anew (-want +got):\n%s", diff)
	}
}
