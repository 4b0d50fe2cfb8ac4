package ebpf

import (
	"errors"
	"net/netip"
	"os"
	"testing"

	"github.com/cilium/ebpf"

	"weir/internal/policy"
	"weir/internal/sharedtest"
)

// TestWithoutTypes loads the program as by a kernel that does not tell its types: it counts what is in no tunnel as ever.
func TestWithoutTypes(t *testing.T) {
	spec, err := loadWeir()
	if err != nil {
		t.Fatal(err)
	}
	spec.Maps["connections"].MaxEntries, spec.Maps["asides"].MaxEntries = 1<<10, 1<<10
	var how ebpf.CollectionOptions
	if err := withoutTypes(&how); err != nil {
		t.Fatal(err)
	}
	var o weirObjects
	if err := spec.LoadAndAssign(&o, &how); errors.Is(err, os.ErrPermission) {
		sharedtest.NotRun(t, "BPF programs can't be loaded here: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	frame := tcpFrame(netip.MustParseAddr("203.0.113.5"), own4, 40000, 80, policy.ACK, make([]byte, 3000))
	if out, err := o.Ingress.Run(&ebpf.RunOptions{Data: frame, Context: skb{GSOSize: 1000}}); err != nil || int32(out) != -1 {
		t.Errorf("%d: %v", int32(out), err)
	}
}
