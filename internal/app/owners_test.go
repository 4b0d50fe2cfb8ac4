package app

import (
	"math"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/netmodel"
	"weir/internal/pair"
	"weir/internal/versions"
)

// TestOwnAddresses tells own addresses of spans: the primary IPv4 address at any time, IPv6
// where imports say that it was there.
func TestOwnAddresses(t *testing.T) {
	const always, ever = math.MinInt64, math.MaxInt64
	at := func(seconds int64) time.Time {
		if seconds == always || seconds == ever {
			return time.Time{}
		}
		return time.Unix(seconds, 0)
	}
	span := func(from, to int64, state versions.State, addresses ...string) versions.InterfaceSpan {
		s := versions.InterfaceSpan{Interface: &netmodel.Interface{ID: "eni-1"}, From: at(from), To: at(to), State: state}
		for _, a := range addresses {
			if p, err := netip.ParsePrefix(a); err == nil {
				s.Prefixes = append(s.Prefixes, p)
			} else {
				s.Addresses = append(s.Addresses, netip.MustParseAddr(a))
			}
		}
		return s
	}
	own := func(from, to int64, addresses ...string) pair.Own {
		s := span(from, to, "", addresses...)
		return pair.Own{Interface: "eni-1", From: from, To: to, Addresses: s.Addresses, Prefixes: s.Prefixes}
	}
	const v4, second, other, v6, network = "10.0.0.5", "10.0.0.6", "10.0.0.7", "2001:db8::5", "2001:db8:0:1::/80"
	for name, tt := range map[string]struct {
		spans []versions.InterfaceSpan
		want  []pair.Own
	}{
		"one import": {
			[]versions.InterfaceSpan{
				span(always, 100, versions.StateAssumed, v4, second, v6), span(100, 101, versions.StateUnchanged, v4, second, v6),
				span(101, ever, versions.StateLatest, v4, second, v6),
			},
			[]pair.Own{own(always, 100, v4), own(100, ever, v4, v6)},
		},
		"there for a time": {
			[]versions.InterfaceSpan{span(100, 200, versions.StateUnchanged, v4, "10.0.1.0/28", network), span(200, 300, versions.StateChanged, v4, network)},
			[]pair.Own{own(always, 100, v4), own(100, 200, v4, network), own(200, ever, v4)},
		},
		"IPv6 only": {
			[]versions.InterfaceSpan{span(always, 100, versions.StateAssumed, v6), span(100, 200, versions.StateUnchanged, v6), span(300, 400, versions.StateUnchanged, v6)},
			[]pair.Own{own(100, 200, v6), own(300, 400, v6)},
		},
		"two primary addresses": {
			[]versions.InterfaceSpan{span(100, 200, versions.StateUnchanged, v4), span(200, 300, versions.StateUnchanged, other, v6)},
			[]pair.Own{own(200, 300, v6)},
		},
		"a secondary address becomes the first of IPv6": {
			[]versions.InterfaceSpan{span(100, 200, versions.StateUnchanged, v6, v4, second)},
			[]pair.Own{own(always, 100, v4), own(100, 200, v4, v6), own(200, ever, v4)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			compare := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
			prefixes := cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })
			empty := cmp.FilterValues(func(a, b []netip.Prefix) bool { return len(a) == 0 && len(b) == 0 }, cmp.Ignore())
			if diff := cmp.Diff(tt.want, ownAddresses(tt.spans), compare, prefixes, empty); diff != "" {
				t.Error(diff)
			}
		})
	}
}
