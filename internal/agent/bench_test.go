package agent

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"weir/flowlog"
	"weir/internal/agent/config"
	"weir/internal/agent/spool"
	"weir/internal/aggregate"
)

// BenchmarkRead is what a read of so many flows costs beside the kernel's part: they are added up, kept on disk, and made records of.
func BenchmarkRead(b *testing.B) {
	for _, flows := range []int{1_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("%d flows", flows), func(b *testing.B) {
			s := newStand(b, config.FlowLog{ID: "fl-1", Interval: time.Minute})
			format, err := flowlog.ParseLogFormat("version interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status")
			if err != nil {
				b.Fatal(err)
			}
			s.Config.FlowLogs[0].Format = format
			s.turn()
			rows := make([]aggregate.Row, flows)
			for i := range rows {
				at := s.now.Wall.UnixNano()
				rows[i] = aggregate.Row{
					Flow: aggregate.Flow{
						Interface: "eni-1", Directed: true, Src: netip.AddrFrom4([4]byte{203, 0, byte(i >> 16), byte(i >> 8)}), Dst: netip.MustParseAddr("10.0.1.10"),
						SrcPort: uint16(1024 + i), DstPort: 443, Protocol: 6, Judgement: aggregate.Judgement{Action: "ACCEPT", AllowRules: "sg-web:ingress:tcp:443:0.0.0.0/0"},
					},
					Counts: aggregate.Counts{Packets: 10, Bytes: 5000, First: at, Last: at},
				}
			}
			var size spool.Size
			for b.Loop() {
				at := s.now.Wall.UnixNano()
				for i := range rows {
					rows[i].First, rows[i].Last = at, at
				}
				before := s.spool.Entries().Bytes
				if !s.apply(&change{At: at, Rows: rows}, s.kept) {
					b.Fatal(s.log.String())
				}
				size.Bytes += s.spool.Entries().Bytes - before
				b.StopTimer()
				s.pass(time.Minute)
				s.apply(&change{At: s.now.Wall.UnixNano(), Close: true}, s.kept)
				s.records(b, "fl-1")
				b.StartTimer()
			}
			b.ReportMetric(float64(size.Bytes)/float64(b.N)/float64(flows), "bytes/flow")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(flows), "ns/flow")
		})
	}
}
