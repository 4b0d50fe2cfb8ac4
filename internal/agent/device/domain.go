package device

import (
	"encoding/xml"
	"net"
	"os"
	"path/filepath"
)

// libvirtState is where libvirt keeps the state of QEMU's virtual machines that run, for root alone.
const libvirtState = "/run/libvirt/qemu"

// mostState bounds a state that is read, in bytes.
const mostState = 4 << 20

// A tap is what libvirt says of the device of an interface.
type tap struct{ domain, mac string }

// taps returns the taps of all machines below a folder by name. What can't be read says nothing.
func taps(dir string) map[string]tap {
	out := map[string]tap{}
	files, err := filepath.Glob(filepath.Join(dir, "*.xml"))
	if err != nil {
		return out
	}
	for _, name := range files {
		about, err := os.Stat(name)
		if err != nil || about.Size() > mostState {
			continue
		}
		if text, err := os.ReadFile(name); err == nil {
			readDomain(text, out)
		}
	}
	return out
}

// readDomain adds the taps of a machine's state. A text that is no such state adds none.
//
// Source: libvirt, src/conf/domain_conf.c: virDomainObjFormat and virDomainNetDefFormat.
func readDomain(text []byte, to map[string]tap) {
	var state struct {
		XMLName xml.Name `xml:"domstatus"`
		Domain  struct {
			Name       string `xml:"name"`
			Interfaces []struct {
				MAC struct {
					Address string `xml:"address,attr"`
				} `xml:"mac"`
				Target struct {
					Device string `xml:"dev,attr"`
				} `xml:"target"`
			} `xml:"devices>interface"`
		} `xml:"domain"`
	}
	if xml.Unmarshal(text, &state) != nil || state.Domain.Name == "" {
		return
	}
	for _, i := range state.Domain.Interfaces {
		mac, err := net.ParseMAC(i.MAC.Address)
		if err != nil || i.Target.Device == "" {
			continue
		}
		to[i.Target.Device] = tap{state.Domain.Name, mac.String()}
	}
}
