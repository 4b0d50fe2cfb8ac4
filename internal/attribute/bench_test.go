package attribute_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"weir/flowlog"
	"weir/internal/attribute"
	"weir/internal/pair"
)

// BenchmarkTell tells of records of an hour, of many clients and ports.
func BenchmarkTell(b *testing.B) {
	const n = 200_000
	r := rand.New(rand.NewPCG(1, 2))
	batch := flowlog.NewBatch(flowlog.KindVPC)
	enis := []struct{ id, addr string }{{"eni-web", "10.0.1.10"}, {"eni-db", "10.0.1.20"}, {"eni-app", "10.0.2.30"}}
	for range n {
		e := enis[r.IntN(3)]
		far := fmt.Sprintf("203.0.%d.%d", r.IntN(100), r.IntN(256))
		if r.IntN(2) == 0 {
			far = enis[r.IntN(3)].addr
		}
		out := batch.Append()
		texts := map[flowlog.FieldID]string{flowlog.InterfaceID: e.id, flowlog.FlowDirection: "ingress", flowlog.SrcAddr: far, flowlog.DstAddr: e.addr, flowlog.Action: "ACCEPT"}
		if r.IntN(20) == 0 {
			texts[flowlog.Action] = "REJECT"
		}
		start := int64(hour + r.IntN(3500))
		for f, v := range texts {
			if err := out.SetText(f, v); err != nil {
				b.Fatal(err)
			}
		}
		for f, v := range map[flowlog.FieldID]int64{
			flowlog.SrcPort: 1024 + r.Int64N(60000), flowlog.DstPort: []int64{443, 22, 5432}[r.IntN(3)], flowlog.Protocol: 6,
			flowlog.Start: start, flowlog.End: start + 55, flowlog.TCPFlags: r.Int64N(4),
		} {
			if err := out.SetInt(f, v); err != nil {
				b.Fatal(err)
			}
		}
	}
	rows := pair.Rows{Batch: batch}
	h := pair.NewHour(hour, n)
	h.Add(rows)
	found := h.Find(nil, nil, true)
	rules := attribute.New(source{{network: company()}})
	b.ResetTimer()
	for range b.N {
		if _, _, err := rules.Tell(b.Context(), hour, []pair.Rows{rows}, found); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/record")
}
