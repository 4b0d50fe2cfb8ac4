package packetfile

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// FuzzReader reads hostile files: what is read is within the file, and each error has its place.
func FuzzReader(f *testing.F) {
	o, p := blocks{big}, blocks{little}
	f.Add(join(pcapHeader(little, magicMicro, 4, 1), record(little, 1, 2, 3, "abc"), record(little, 1, 2, 3, "")))
	f.Add(join(pcapHeader(big, magicNano, 4, 1), record(big, 1, 2, 3, "abc"), record(big, 1, 2, 3, "")))
	for _, b := range []blocks{o, p} {
		f.Add(join(
			b.section(1, 0), b.iface(1, 2, join(b.option(optionName, "eth0"), b.option(optionResolution, "\x94"), b.option(optionOffset, "abcdefgh"))...),
			b.enhanced(0, 1, 3, 3, "abc"), b.iface(1, 0), b.obsolete(1, 1, 3, "abc"), b.simple(3, "ab"), b.section(1, 0), b.iface(1, 0), b.simple(3, "abc"),
		))
	}
	f.Add(zip(f, join(pcapHeader(little, magicMicro, 4, 1), record(little, 1, 2, 3, "abc"))))
	f.Fuzz(func(t *testing.T, file []byte) {
		packed := bytes.HasPrefix(file, []byte{0x1f, 0x8b})
		r, err := Open("it", bytes.NewReader(file))
		total := 0
		for n := 1; err == nil; n++ {
			var frame *Frame
			if frame, err = r.Next(); err != nil {
				break
			}
			total += len(frame.Data)
			if frame.Length < len(frame.Data) || len(frame.Data) > maxFrame || frame.Time.Year() > 2261 || frame.Interface >= len(r.Interfaces()) {
				t.Fatalf("packet %d: %d of %d bytes at %v of interface %d", n, len(frame.Data), frame.Length, frame.Time, frame.Interface)
			}
			if r.Interfaces()[frame.Interface].Link != frame.Link {
				t.Fatalf("packet %d: %v, and its interface %v", n, frame.Link, r.Interfaces()[frame.Interface])
			}
			if !packed && total+16*n > len(file) {
				t.Fatalf("%d packets with %d bytes out of %d", n, total, len(file))
			}
			if packed && n > 100_000 {
				return // gzip makes much of little
			}
		}
		if err == io.EOF {
			return
		}
		e := (*Error)(nil)
		if !errors.As(err, &e) || e.Offset < 0 || (!packed && e.Offset > int64(len(file))) || e.Packet < 1 || e.Reason == "" {
			t.Fatalf("%#v", err)
		}
	})
}

// BenchmarkReader reads packets of 100 bytes.
func BenchmarkReader(b *testing.B) {
	const packets = 10_000
	o := blocks{little}
	data := string(make([]byte, 100))
	files := map[string][]byte{"pcap": pcapHeader(little, magicMicro, 4, 1), "pcapng": join(o.section(1, 0), o.iface(1, 0))}
	for range packets {
		files["pcap"] = append(files["pcap"], record(little, 1, 2, 100, data)...)
		files["pcapng"] = append(files["pcapng"], o.enhanced(0, 1, 100, 100, data)...)
	}
	for name, file := range files {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r, err := Open("it", bytes.NewReader(file))
				for err == nil {
					_, err = r.Next()
				}
				if err != io.EOF {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/packets, "ns/packet")
		})
	}
}
