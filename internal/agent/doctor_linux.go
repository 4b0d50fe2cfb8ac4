package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"weir/internal/capture/conntrack"
	"weir/internal/capture/ebpf"
)

// Examine looks whether this process could count on this host, as a config's capture says it: bpf, packet or auto. It attaches the program to the loopback device
// for a moment, where it lets everything pass, and a packet socket.
func Examine(capture string) []Finding {
	kernel, capabilities := examineKernel(release()), examineCapabilities(status("CapEff"))
	bpf := append([]Finding{kernel}, capabilities[:len(capabilities)-1]...)
	bpf = append(bpf, examineNamespaces(status("CapEff")))
	bpf = append(bpf, examineProgram()...)
	return choose(capture, append(bpf, systemMount.examine(), examineJIT(), examineConntrack()), []Finding{capabilities[len(capabilities)-1], examinePackets(tryPackets())})
}

// choose returns what was found for a way to count: what another one needs is nothing that is missing.
func choose(capture string, bpf, packets []Finding) []Finding {
	if capture == "packet" || capture == "auto" && Works(packets) {
		note(bpf, "capture: bpf needs it: ")
	}
	if capture == "bpf" || capture == "auto" && Works(bpf) {
		note(packets, "capture: packet needs it: ")
	}
	return append(bpf, packets...)
}

// note makes notes of what is missing.
func note(all []Finding, why string) {
	for i := range all {
		if f := &all[i]; f.State == stateMissing {
			f.State, f.Do = stateNote, why+f.Do
		}
	}
}

// examinePackets looks at what became of a packet socket.
func examinePackets(err error) Finding {
	f := Finding{Name: "AF_PACKET", State: stateOK, Found: "a socket gets the packets of a device"}
	if err != nil {
		f.State, f.Found, f.Do = stateMissing, err.Error(), "CAP_NET_RAW in the network namespace, and a kernel with CONFIG_PACKET"
	}
	return f
}

// release returns the kernel's release, "" where it does not say.
func release() string {
	b, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// examineKernel looks at a release as 6.18.44-generic.
func examineKernel(release string) Finding {
	f := Finding{Name: "kernel", State: stateOK, Found: "Linux " + release}
	number := strings.SplitN(release, ".", 3)
	if len(number) < 2 {
		f.State, f.Found, f.Do = stateNote, "a release that is no number: "+release, "weir is tested with Linux 6.6 and later"
		return f
	}
	major, err := strconv.Atoi(number[0])
	minor, _ := strconv.Atoi(number[1][:len(number[1])-len(strings.TrimLeft(number[1], "0123456789"))])
	if err != nil || major < 6 || major == 6 && minor < 6 {
		// Whether it takes the program is tried below.
		f.State, f.Do = stateNote, "weir is tested with Linux 6.6 and later, which have tcx; before it the program is put at a device by clsact filters, in the agent's own network namespace alone"
	}
	return f
}

// status returns a line of the process's status.
func status(key string) string {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, key+":"); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// The capabilities by their bits. Source: Linux, include/uapi/linux/capability.h.
const (
	netRaw    = 13
	sysPtrace = 19
	sysAdmin  = 21
)

var capabilities = []struct {
	bit       int
	name, why string
}{
	{39, "CAP_BPF", "to load the program"},
	{12, "CAP_NET_ADMIN", "to put it at a device"},
	{38, "CAP_PERFMON", "for what it does with packets' bytes"},
	{netRaw, "CAP_NET_RAW", "to get the packets of a device"},
}

// examineCapabilities looks at the effective capabilities, as hexadecimal digits.
func examineCapabilities(effective string) []Finding {
	have, err := strconv.ParseUint(effective, 16, 64)
	if err != nil {
		const unknown = "they are not known: /proc/self/status does not say"
		return []Finding{
			{Name: "capabilities", State: stateNote, Found: unknown, Do: "CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON are needed"},
			{Name: "CAP_NET_RAW", State: stateNote, Found: unknown, Do: "capture: packet needs it"},
		}
	}
	var out []Finding
	for _, c := range capabilities {
		f := Finding{Name: c.name, State: stateOK, Found: "there"}
		if have>>c.bit&1 == 0 && (c.bit == 12 || c.bit == netRaw || have>>sysAdmin&1 == 0) {
			service := "CAP_BPF CAP_NET_ADMIN CAP_PERFMON"
			if c.bit == netRaw {
				service = c.name
			}
			f.State, f.Found, f.Do = stateMissing, "not there", "run as root, or as a service with AmbientCapabilities="+service+"; it is needed "+c.why
		}
		out = append(out, f)
	}
	return out
}

// examineNamespaces looks whether other network namespaces may be looked into, by the effective capabilities, as hexadecimal digits.
func examineNamespaces(effective string) Finding {
	f := Finding{Name: "namespaces", State: stateOK, Found: "other network namespaces can be looked into"}
	if have, err := strconv.ParseUint(effective, 16, 64); err != nil || have>>sysAdmin&1 == 0 || have>>sysPtrace&1 == 0 {
		f.State, f.Found, f.Do = stateNote, "other network namespaces can't be looked into", "nothing, but for netns, peer-netns and container in the config, and to tell the side of pairs: these take CAP_SYS_ADMIN and CAP_SYS_PTRACE"
	}
	return f
}

// examineProgram loads the program and attaches it.
func examineProgram() []Finding {
	loaded, attached := Finding{Name: "BPF", State: stateOK, Found: "the kernel takes the program"}, Finding{Name: "tcx", State: stateOK, Found: "the program can be put at a device"}
	p, err := ebpf.Load(ebpf.Options{Connections: 16, Asides: 16})
	if err != nil {
		loaded.State, loaded.Found, loaded.Do = stateMissing, err.Error(), loadAdvice(err)
		attached.State, attached.Found, attached.Do = stateNote, "not tried: there is no program", ""
		return []Finding{loaded, attached, {Name: observing, State: stateNote, Found: "not tried: there is no program"}}
	}
	defer p.Close()
	err = attach(p)
	if err != nil {
		attached.State, attached.Found, attached.Do = stateMissing, err.Error(), "Linux 6.6 or later with CONFIG_NET_XGRESS is needed, or before it CONFIG_NET_CLS_BPF and CONFIG_NET_SCH_INGRESS, and CAP_NET_ADMIN in the network namespace"
	}
	return []Finding{loaded, attached, examineObserving(p)}
}

// attach attaches the program to the loopback device for a moment.
func attach(p *ebpf.Program) error {
	index, err := loopback()
	if err != nil {
		return err
	}
	if err := errors.Join(p.Swap([]ebpf.Interface{{ID: strangers, Mode: ebpf.Count}}), p.Settle()); err != nil {
		return err
	}
	if err := p.Attach(ebpf.Device{Index: index}, strangers); err != nil {
		return err
	}
	return p.Detach(index)
}

// tryBPF looks whether the program can be loaded, and put at a device.
func tryBPF() (err error) {
	p, err := ebpf.Load(ebpf.Options{Connections: 16, Asides: 16})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	return attach(p)
}

// loadAdvice says what to do where the program can't be loaded.
func loadAdvice(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSYS):
		return "the kernel was built without CONFIG_BPF_SYSCALL: another kernel is needed"
	case errors.Is(err, syscall.EPERM), errors.Is(err, os.ErrPermission):
		return "see the capabilities above; where they are there, the container's seccomp profile or the kernel's lockdown mode (confidentiality) forbids bpf(2)"
	case errors.Is(err, syscall.ENOMEM):
		return "there is no memory for its tables: RLIMIT_MEMLOCK or the limit of the control group is too low"
	}
	return "Linux 6.6 or later with CONFIG_BPF_SYSCALL is needed"
}

// examineJIT looks whether programs are compiled.
func examineJIT() Finding {
	f := Finding{Name: "JIT", State: stateOK, Found: "programs are compiled"}
	b, err := os.ReadFile("/proc/sys/net/core/bpf_jit_enable")
	if err != nil {
		f.Found = "a kernel that always compiles programs, or one that does not say"
		return f
	}
	if v := strings.TrimSpace(string(b)); v == "0" {
		f.State, f.Found, f.Do = stateNote, fmt.Sprintf("bpf_jit_enable is %s: programs are interpreted", v), "sysctl net.core.bpf_jit_enable=1 makes each packet cost a fraction"
	}
	return f
}

// examineConntrack looks whether the kernel says which connections it translates.
func examineConntrack() Finding {
	f := Finding{Name: "conntrack", State: stateOK, Found: "the kernel says which connections it translates: nat: conntrack works"}
	ctx, cancel := context.WithTimeout(context.Background(), mostPatience)
	defer cancel()
	w, err := conntrack.Start(ctx, time.Now)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		f.State, f.Found, f.Do = stateNote, err.Error(), "it is needed for nat: conntrack alone: a kernel with CONFIG_NF_CT_NETLINK and CONFIG_NF_CONNTRACK_EVENTS (modprobe nf_conntrack_netlink), and CAP_NET_ADMIN"
	}
	return f
}
