package flowlog_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"weir/flowlog"
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
