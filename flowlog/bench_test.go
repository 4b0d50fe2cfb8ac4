package flowlog_test

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"weir/flowlog"
	"weir/flowlog/internal/inflate"
)

// benchObject returns a text object of n records in the default format, with as
// many addresses as an object of AWS's holds.
func benchObject(n int) []byte {
	var buf bytes.Buffer
	rng := rand.New(rand.NewPCG(1, 2))
	buf.WriteString(header + "\n")
	for range n {
		action := "ACCEPT"
		if rng.IntN(25) == 0 {
			action = "REJECT"
		}
		start := 1700000000 + rng.IntN(60)
		fmt.Fprintf(&buf, "2 123456789010 eni-%017x 10.%d.%d.%d 52.%d.%d.%d %d 443 6 %d %d %d %d %s OK\n",
			rng.IntN(200), rng.IntN(2), rng.IntN(8), rng.IntN(256), rng.IntN(2), rng.IntN(32), rng.IntN(256),
			1024+rng.IntN(64512), 1+rng.IntN(50), 40+rng.IntN(60000), start, start+rng.IntN(60), action)
	}
	return buf.Bytes()
}

func benchDecode(b *testing.B, data []byte, plain int) {
	b.SetBytes(int64(plain))
	b.ReportAllocs()
	var n int64
	for b.Loop() {
		d, err := flowlog.NewDecoder(bytes.NewReader(data), flowlog.Options{})
		if err != nil {
			b.Fatal(err)
		}
		for {
			batch, err := d.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			n += int64(batch.Len())
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds()/1e6, "Mrecords/s")
}

// BenchmarkDecodeText is the parser alone: one object as AWS delivers them.
func BenchmarkDecodeText(b *testing.B) {
	data := benchObject(8700)
	benchDecode(b, data, len(data))
}

// BenchmarkDecodeGzip is gunzip and parser.
func BenchmarkDecodeGzip(b *testing.B) {
	data := benchObject(8700)
	benchDecode(b, gz(b, string(data)), len(data))
}

// BenchmarkDelivered reads the .log.gz objects below the folder that
// WEIR_BENCH_LOGS names: gunzip alone and gunzip and parser, in turn every 64
// objects, so that both meet the same machine. It reports how many million records
// each goes through for a CPU-second. Command bench runs it, built with libdeflate
// and without.
func BenchmarkDelivered(b *testing.B) {
	dir := os.Getenv("WEIR_BENCH_LOGS")
	if dir == "" {
		b.Skip("WEIR_BENCH_LOGS names no folder")
	}
	var paths []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".log.gz") {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	var alone, decoded time.Duration
	var records int
	var room []byte
	z := new(gzip.Reader)
	for b.Loop() {
		for some := range slices.Chunk(paths, 64) {
			objects := make([][]byte, len(some))
			for i, path := range some {
				if objects[i], err = os.ReadFile(path); err != nil {
					b.Fatal(err)
				}
			}
			began := cpuTime()
			for _, object := range objects {
				if room, err = gunzip(z, room, object); err != nil {
					b.Fatal(err)
				}
			}
			between := cpuTime()
			for _, object := range objects {
				n, err := countRecords(object)
				if err != nil {
					b.Fatal(err)
				}
				records += n
			}
			alone, decoded = alone+between-began, decoded+cpuTime()-between
		}
	}
	b.ReportMetric(float64(records)/alone.Seconds()/1e6, "gunzip-M/cpu-s")
	b.ReportMetric(float64(records)/decoded.Seconds()/1e6, "decoder-M/cpu-s")
}

// gunzip decompresses an object as the decoder does, and nothing else.
func gunzip(z *gzip.Reader, room, object []byte) ([]byte, error) {
	if inflate.Linked {
		text, ok := inflate.Gzip(room, object)
		if !ok {
			return nil, flowlog.ErrCorrupt
		}
		return text, nil
	}
	if err := z.Reset(bytes.NewReader(object)); err != nil {
		return nil, err
	}
	_, err := io.Copy(io.Discard, z)
	return room, err
}

// countRecords decodes an object.
func countRecords(object []byte) (n int, err error) {
	d, err := flowlog.NewDecoder(bytes.NewReader(object), flowlog.Options{})
	if err != nil {
		return 0, err
	}
	for {
		batch, err := d.Next()
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		n += batch.Len()
		batch.Release()
	}
}

// cpuTime is what the process used of the processors so far.
func cpuTime() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r) // fails for a wrong argument only
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
