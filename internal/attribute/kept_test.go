package attribute_test

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"weir/internal/attribute"
	"weir/internal/netmodel"
)

// read counts how often definitions are read.
type read struct {
	source
	times *int
}

func (r read) Load(ctx context.Context, span int) (attribute.InForce, error) {
	*r.times++
	return r.source.Load(ctx, span)
}

// TestKept has records of an hour in which a network has changed many times be told of: each definition of a small one is read once, and those of a large one again and again.
func TestKept(t *testing.T) {
	for _, tc := range []struct {
		interfaces int
		once       bool
	}{{0, true}, {4000, false}} {
		n := company()
		for i := range tc.interfaces {
			id := "eni-" + strconv.Itoa(i)
			n.Interfaces[id] = &netmodel.Interface{ID: id}
		}
		var changes source
		for i := range 10 {
			changes = append(changes, inForce{from: int64(1000 + i), network: n})
		}
		times := 0
		const line = "eni-web ingress 203.0.113.9 10.0.1.10 40000 22 6 REJECT 2 - 1000 1010"
		tell(t, read{changes, &times}, line, strings.Replace(line, "40000", "40001", 1))
		if once := times == len(changes); once != tc.once {
			t.Errorf("%d interfaces: %d definitions were read %d times", tc.interfaces, len(changes), times)
		}
	}
}
