package ebpf

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

// loading returns how programs are loaded that have tables already. They go by the kernel's types to count frames in tunnels that are cut into packets below: where the kernel
// does not tell its types (CONFIG_DEBUG_INFO_BTF), they are loaded without that.
func loading(tables map[string]*ebpf.Map) (*ebpf.CollectionOptions, error) {
	o := &ebpf.CollectionOptions{MapReplacements: tables}
	if _, err := btf.LoadKernelSpec(); err != nil {
		return o, withoutTypes(o)
	}
	return o, nil
}

// withoutTypes has programs loaded as by a kernel that has no types.
func withoutTypes(o *ebpf.CollectionOptions) error {
	b, err := btf.NewBuilder([]btf.Type{&btf.Int{Name: "none", Size: 1}}, nil)
	if err != nil {
		return err
	}
	text, err := b.Marshal(nil, &btf.MarshalOptions{Order: binary.NativeEndian})
	if err == nil {
		o.Programs.KernelTypes, err = btf.LoadSpecFromReader(bytes.NewReader(text))
	}
	if err != nil {
		return fmt.Errorf("can't do without the kernel's types: %w", err)
	}
	return nil
}
