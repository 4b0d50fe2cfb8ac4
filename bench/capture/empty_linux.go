package main

import (
	"context"
	"errors"
	"net"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
)

const nothingDone = "a program that does nothing"

// emptyProgram says what it costs that there is a program at the device at all.
func emptyProgram() meter {
	var links []link.Link
	return meter{nothingDone, func(_ context.Context, r *running) error {
		program, err := ebpf.NewProgram(&ebpf.ProgramSpec{
			Type: ebpf.SchedCLS, License: "GPL", Instructions: asm.Instructions{asm.LoadImm(asm.R0, -1, asm.DWord), asm.Return()}, // TCX_NEXT
		})
		if err != nil {
			return err
		}
		defer program.Close()
		return r.host.in(func() error {
			device, err := net.InterfaceByName(hostDevice)
			if err != nil {
				return err
			}
			for _, at := range []ebpf.AttachType{ebpf.AttachTCXIngress, ebpf.AttachTCXEgress} {
				l, err := link.AttachTCX(link.TCXOptions{Interface: device.Index, Program: program, Attach: at})
				if err != nil {
					return err
				}
				links = append(links, l)
			}
			return nil
		})
	}, func(context.Context, *running) (int64, string, error) {
		var errs []error
		for _, l := range links {
			errs = append(errs, l.Close())
		}
		links = nil
		return 0, "", errors.Join(errs...)
	}}
}
