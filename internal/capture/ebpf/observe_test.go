package ebpf

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"
)

// kernelWith returns what a kernel says of its types that has these reasons to drop a packet, numbered from 2.
func kernelWith(t *testing.T, enum string, reasons ...string) *btf.Spec {
	t.Helper()
	all := &btf.Enum{Name: enum, Size: 4}
	for n, name := range reasons {
		all.Values = append(all.Values, btf.EnumValue{Name: name, Value: uint64(n + 2)})
	}
	b, err := btf.NewBuilder([]btf.Type{all}, nil)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := b.Marshal(nil, &btf.MarshalOptions{Order: binary.NativeEndian})
	if err != nil {
		t.Fatal(err)
	}
	spec, err := btf.LoadSpecFromReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// TestReasons has kernels that number their reasons in other ways, and some that have none, or not netfilter's.
func TestReasons(t *testing.T) {
	const netfilter, cgroup, full = "SKB_DROP_REASON_NETFILTER_DROP", "SKB_DROP_REASON_BPF_CGROUP_EGRESS", "SKB_DROP_REASON_SOCKET_RCVBUFF"
	for _, tc := range []struct {
		enum    string
		reasons []string
		want    map[int]uint8
		err     string
	}{
		{"skb_drop_reason", []string{full, netfilter, cgroup}, map[int]uint8{3: 1, 4: 2}, ""},
		{"skb_drop_reason", []string{netfilter, full}, map[int]uint8{2: 1}, ""},
		{"skb_drop_reason", []string{netfilter, "SKB_DROP_REASON_PKT_TOO_BIG", "SKB_DROP_REASON_IP_INHDR", "SKB_DROP_REASON_IP_INNOROUTES", "SKB_DROP_REASON_NOT_SPECIFIED"}, map[int]uint8{2: 1, 3: 5, 4: 4, 5: 3, 6: 3}, ""},
		{"skb_drop_reason", []string{full, cgroup}, nil, "since Linux 5.18"},
		{"another", []string{netfilter}, nil, "since Linux 5.17"},
	} {
		got, err := reasonsOf(kernelWith(t, tc.enum, tc.reasons...))
		if err != nil {
			if tc.err == "" || !strings.Contains(err.Error(), tc.err) {
				t.Errorf("%v: %v", tc.reasons, err)
			}
			continue
		}
		for n, of := range got {
			if of != tc.want[n] {
				t.Errorf("%v: reason %d is %d, want %d", tc.reasons, n, of, tc.want[n])
			}
		}
	}
}

// TestForwards has kernels that say why they can't forward packets, and some that don't.
func TestForwards(t *testing.T) {
	if err := forwardsBy(kernelWith(t, "skb_drop_reason", forwarding...)); err != nil {
		t.Error(err)
	}
	for i := range forwarding {
		some := append(slices.Clone(forwarding[:i]), forwarding[i+1:]...)
		if err := forwardsBy(kernelWith(t, "skb_drop_reason", some...)); err == nil || !strings.Contains(err.Error(), "there is no "+forwarding[i]) {
			t.Errorf("%v: %v", some, err)
		}
	}
	if err := forwardsBy(kernelWith(t, "another", forwarding...)); err == nil {
		t.Error("a kernel without reasons says them")
	}
}
