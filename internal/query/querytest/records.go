package querytest

import (
	"fmt"
	"math/rand/v2"

	"weir/flowlog"
)

// The sizes of random data.
const (
	randomVPC = 250
	randomTGW = 100
	// slot is the time around which random records lie.
	slot = 1772445600 // 2026-03-02T10:00:00Z
)

// pools are values for random records, among them those at edges.
var (
	addrPool = []string{
		"10.0.0.1", "10.0.0.2", "10.1.2.3", "10.255.255.255", "11.0.0.1", "100.64.0.9", "127.0.0.1", "169.254.169.254",
		"172.16.5.4", "172.32.0.1", "192.0.2.7", "192.168.1.1", "203.0.113.77", "224.0.0.1", "240.0.0.1", "255.255.255.255",
		"0.0.0.0", "8.8.8.8", "52.95.128.179", "::", "::1", "2001:db8::1", "2001:db8:0:1::1", "2600:1f18::7", "fd00::12",
		"fe80::1", "ff02::1", "::ffff:10.0.0.1",
	}
	textPool = []string{
		"web", "Web", "WEB-1", "über", "ÜBER", "a'b", "100%", "_x", `back\slash`, "%E2%82%AC", "a.b", "", "日本", "true", "22", "null",
	}
	portPool = []int64{0, 22, 53, 80, 123, 443, 1023, 1024, 3389, 8080, 49152, 65535}
)

// choose returns one of the values.
func choose[T any](r *rand.Rand, values []T) T { return values[r.IntN(len(values))] }

// randomBatches returns records of both kinds with absent values in every field
// but weir_hour, in several batches. Equal seeds give equal records.
func randomBatches(seed uint64) ([]*flowlog.Batch, error) {
	r := rand.New(rand.NewPCG(seed, 1))
	var out []*flowlog.Batch
	for _, kind := range []flowlog.Kind{flowlog.KindVPC, flowlog.KindTGW} {
		n := map[flowlog.Kind]int{flowlog.KindVPC: randomVPC, flowlog.KindTGW: randomTGW}[kind]
		var b *flowlog.Batch
		for i := range n {
			if i%80 == 0 {
				b = flowlog.NewBatch(kind)
				out = append(out, b)
			}
			if err := randomRecord(r, b.Append()); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// randomRecord sets the fields of a record, about one of six to absent and, in a
// record without data, all that describe traffic.
func randomRecord(r *rand.Rand, rec flowlog.Record) error {
	noData := r.IntN(12) == 0
	for _, f := range flowlog.Fields(rec.Kind()) {
		if f.Type == flowlog.Map || f.ID != flowlog.WeirHour && (r.IntN(6) == 0 || noData && f.Traffic) {
			continue
		}
		var err error
		if f.Numeric() {
			err = rec.SetInt(f.ID, randomNumber(r, f))
		} else {
			err = rec.SetText(f.ID, randomText(r, f))
		}
		if err != nil {
			return fmt.Errorf("cannot make a random record: %w", err)
		}
	}
	for _, name := range []string{"shade", "new-field", "x_y"} {
		if r.IntN(3) == 0 {
			if err := rec.SetUnknown(name, choose(r, textPool)); err != nil {
				return fmt.Errorf("cannot make a random record: %w", err)
			}
		}
	}
	return nil
}

func randomNumber(r *rand.Rand, f *flowlog.Field) int64 {
	switch f.ID {
	case flowlog.Version:
		return choose(r, []int64{2, 3, 5, 6, 11})
	case flowlog.SrcPort, flowlog.DstPort:
		return choose(r, portPool)
	case flowlog.Protocol:
		return choose(r, []int64{1, 6, 17, 58})
	case flowlog.Bytes:
		return choose(r, []int64{0, 40, 336, r.Int64N(5000), r.Int64N(maxBytes + 1), maxBytes})
	case flowlog.Start, flowlog.End:
		return slot + r.Int64N(7200) - 3600
	case flowlog.WeirHour:
		return slot + 300*(r.Int64N(24)-12)
	default:
		return r.Int64N(9)
	}
}

// maxBytes is the largest number of bytes of a random record.
const maxBytes = 10_000_000_000

func randomText(r *rand.Rand, f *flowlog.Field) string {
	switch {
	case f.Addr:
		return choose(r, addrPool)
	case len(f.Values) > 0:
		return choose(r, f.Values)
	case f.ID == flowlog.AccountID || f.ID == flowlog.InterfaceID || f.ID == flowlog.WeirRegion || f.ID == flowlog.WeirFlowLogID:
		return fmt.Sprintf("%s-%d", f.Name, r.IntN(3))
	}
	return choose(r, textPool)
}
