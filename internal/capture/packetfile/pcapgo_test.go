package packetfile

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"weir/internal/capture/packet"
)

// read is a frame as both readers see it, with the name of its interface.
type read struct {
	Frame
	Name string
}

// theirs reads a pcapng file by gopacket.
func theirs(t *testing.T, b []byte) (frames []read, err error) {
	t.Helper()
	r, err := pcapgo.NewNgReader(bytes.NewReader(b), pcapgo.NgReaderOptions{WantMixedLinkType: true})
	if err != nil {
		return nil, err
	}
	for {
		data, ci, err := r.ReadPacketData()
		if err == io.EOF {
			return frames, nil
		}
		if err != nil {
			return frames, err
		}
		i, err := r.Interface(ci.InterfaceIndex)
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, read{Frame{Data: data, Length: max(ci.Length, len(data)), Time: ci.Timestamp, Link: packet.LinkType(i.LinkType)}, i.Name})
	}
}

// ours reads a file by this package. Interfaces are told by their names, since gopacket counts them anew in each section.
func ours(b []byte) (frames []read, err error) {
	got, interfaces, err := all(b)
	for _, f := range got {
		r := read{f, interfaces[f.Interface].Name}
		r.Interface = 0
		frames = append(frames, r)
	}
	return frames, err
}

// sameBytes compares the data of frames at once.
var sameBytes = cmp.Comparer(bytes.Equal)

// TestFilesOfOthers reads the files of pcapng-test-generator, which lie beside gopacket's tests, in both byte orders, and
// compares with what gopacket reads.
func TestFilesOfOthers(t *testing.T) {
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/gopacket/gopacket").Output()
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, order := range []string{"le", "be"} {
		found, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "pcapgo", "tests", order, "*.pcapng"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) != 54 {
		t.Fatalf("%d files, want 54", len(files))
	}
	packets := 0
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want, wantErr := theirs(t, b)
		got, err := ours(b)
		if (err == nil) != (wantErr == nil) {
			t.Errorf("%s: %v, and gopacket: %v", name, err, wantErr)
		}
		if diff := cmp.Diff(want, got, sameBytes); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		packets += len(got)
	}
	if packets != 452 {
		t.Errorf("%d packets, want 452", packets)
	}
}

// TestWrittenByGopacket reads pcap and pcapng that gopacket writes.
func TestWrittenByGopacket(t *testing.T) {
	var want []read
	for i := range 300 {
		want = append(want, read{Frame{
			Data: bytes.Repeat([]byte{byte(i)}, i*i%1700), Length: i * i % 1700 * (1 + i%2),
			Time: noon.Add(time.Duration(i) * 1_234_567_891), Link: packet.Ethernet,
		}, "eth0"})
	}
	info := func(f Frame) gopacket.CaptureInfo {
		return gopacket.CaptureInfo{Timestamp: f.Time, CaptureLength: len(f.Data), Length: f.Length}
	}
	files := map[string]*bytes.Buffer{"pcapng": {}, "micro": {}, "nano": {}}
	ng, err := pcapgo.NewNgWriterInterface(files["pcapng"], pcapgo.NgInterface{Name: "eth0", LinkType: layers.LinkTypeEthernet, TimestampResolution: 9}, pcapgo.DefaultNgWriterOptions)
	if err != nil {
		t.Fatal(err)
	}
	micro, nano := pcapgo.NewWriter(files["micro"]), pcapgo.NewWriterNanos(files["nano"])
	for _, w := range []*pcapgo.Writer{micro, nano} {
		if err := w.WriteFileHeader(65535, layers.LinkTypeEthernet); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range want {
		for _, w := range []interface {
			WritePacket(gopacket.CaptureInfo, []byte) error
		}{ng, micro, nano} {
			if err := w.WritePacket(info(f.Frame), f.Data); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := ng.Flush(); err != nil {
		t.Fatal(err)
	}
	for name, file := range files {
		got, err := ours(file.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			got[i].Name = "eth0" // pcap has no name
		}
		unit := time.Nanosecond
		if name == "micro" {
			unit = time.Microsecond
		}
		if diff := cmp.Diff(want, got, sameBytes, cmp.Comparer(func(a, b time.Time) bool { return a.Truncate(unit).Equal(b.Truncate(unit)) })); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}
