package agent

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"weir/internal/capture/ebpf"
)

// Examine looks whether this process could count on this host. It attaches the program to the loopback device for a moment, where it lets everything pass.
func Examine() []Finding {
	out := append([]Finding{examineKernel(release())}, examineCapabilities(status("CapEff"))...)
	out = append(out, examineProgram()...)
	return append(out, examineMount(), examineJIT())
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
		f.State, f.Found, f.Do = stateNote, "a release that is no number: "+release, "Linux 6.6 or later is needed"
		return f
	}
	major, err := strconv.Atoi(number[0])
	minor, _ := strconv.Atoi(number[1][:len(number[1])-len(strings.TrimLeft(number[1], "0123456789"))])
	if err != nil || major < 6 || major == 6 && minor < 6 {
		f.State, f.Do = stateMissing, "Linux 6.6 or later is needed: it brought tcx, by which the program is put at a device"
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
const sysAdmin = 21

var capabilities = []struct {
	bit       int
	name, why string
}{
	{39, "CAP_BPF", "to load the program"},
	{12, "CAP_NET_ADMIN", "to put it at a device"},
	{38, "CAP_PERFMON", "for what it does with packets' bytes"},
}

// examineCapabilities looks at the effective capabilities, as hexadecimal digits.
func examineCapabilities(effective string) []Finding {
	have, err := strconv.ParseUint(effective, 16, 64)
	if err != nil {
		return []Finding{{"capabilities", stateNote, "they are not known: /proc/self/status does not say", "CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON are needed"}}
	}
	var out []Finding
	for _, c := range capabilities {
		f := Finding{c.name, stateOK, "there", ""}
		if have>>c.bit&1 == 0 && (c.bit == 12 || have>>sysAdmin&1 == 0) {
			f.State, f.Found, f.Do = stateMissing, "not there", "run as root, or as a service with AmbientCapabilities=CAP_BPF CAP_NET_ADMIN CAP_PERFMON; it is needed "+c.why
		}
		out = append(out, f)
	}
	return out
}

// examineProgram loads the program and attaches it.
func examineProgram() []Finding {
	loaded, attached := Finding{"BPF", stateOK, "the kernel takes the program", ""}, Finding{"tcx", stateOK, "the program can be put at a device", ""}
	p, err := ebpf.Load(ebpf.Options{Connections: 16, Asides: 16})
	if err != nil {
		loaded.State, loaded.Found, loaded.Do = stateMissing, err.Error(), loadAdvice(err)
		attached.State, attached.Found, attached.Do = stateNote, "not tried: there is no program", ""
		return []Finding{loaded, attached}
	}
	defer p.Close()
	err = attach(p)
	if err != nil {
		attached.State, attached.Found, attached.Do = stateMissing, err.Error(), "Linux 6.6 or later with CONFIG_NET_XGRESS and CONFIG_BPF_SYSCALL is needed, and CAP_NET_ADMIN in the network namespace"
	}
	return []Finding{loaded, attached}
}

// attach attaches the program to the loopback device for a moment.
func attach(p *ebpf.Program) error {
	devices, err := net.Interfaces()
	if err != nil {
		return err
	}
	at := slices.IndexFunc(devices, func(d net.Interface) bool { return d.Flags&net.FlagLoopback != 0 })
	if at < 0 {
		return errors.New("there is no loopback device to try it at")
	}
	index := devices[at].Index
	const id = "doctor" // it has to be an interface
	if err := p.Swap([]ebpf.Interface{{ID: id, Mode: ebpf.Count}}); err != nil {
		return err
	}
	if err := p.Attach(ebpf.Device{Index: index}, id); err != nil {
		return err
	}
	return p.Detach(index)
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

// bpffs is the magic number of the BPF file system. Source: Linux, include/uapi/linux/magic.h.
const bpffs = 0xcafe4a11

// examineMount looks for the BPF file system.
func examineMount() Finding {
	const where = "/sys/fs/bpf"
	f := Finding{"bpffs", stateOK, "mounted at " + where, ""}
	var s syscall.Statfs_t
	if err := syscall.Statfs(where, &s); err != nil || uint32(s.Type) != bpffs {
		f.State, f.Found, f.Do = stateNote, "not mounted at "+where, "mount -t bpf bpf "+where+" as root; or say pin: none in the config: what is counted and enforced ends with the agent then"
	}
	return f
}

// examineJIT looks whether programs are compiled.
func examineJIT() Finding {
	f := Finding{"JIT", stateOK, "programs are compiled", ""}
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
