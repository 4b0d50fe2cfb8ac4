package ebpf

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// Attachment is the program at a device, until it is closed. What passes goes on while it is closed, uncounted.
type Attachment struct{ links []link.Link }

// Attach puts the program before all others at a device of the calling thread's network namespace, for both directions. What
// it lets pass goes on to the others. It counts nothing there before [Program.Watch] says which interface the device is.
//
// It needs tcx, which Linux has since 6.6.
func (p *Program) Attach(index int) (*Attachment, error) {
	a := new(Attachment)
	for _, at := range []struct {
		program *ebpf.Program
		attach  ebpf.AttachType
	}{{p.objects.Ingress, ebpf.AttachTCXIngress}, {p.objects.Egress, ebpf.AttachTCXEgress}} {
		l, err := link.AttachTCX(link.TCXOptions{Interface: index, Program: at.program, Attach: at.attach, Anchor: link.Head()})
		if err != nil {
			return nil, errors.Join(fmt.Errorf("can't attach to device %d: %w", index, err), a.Close())
		}
		a.links = append(a.links, l)
	}
	return a, nil
}

// Close takes the program away from the device.
func (a *Attachment) Close() error {
	var errs []error
	for _, l := range a.links {
		errs = append(errs, l.Close())
	}
	a.links = nil
	return errors.Join(errs...)
}
