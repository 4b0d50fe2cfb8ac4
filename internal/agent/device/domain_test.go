package device

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// state is what libvirt keeps of a machine that runs, shortened.
const state = `<!--
WARNING: THIS IS AN AUTO-GENERATED FILE. CHANGES TO IT ARE LIKELY TO BE
OVERWRITTEN AND LOST.
-->

<domstatus state='running' reason='booted' pid='4711'>
  <monitor path='/var/lib/libvirt/qemu/domain-1-vm1/monitor.sock' type='unix'/>
  <domain type='kvm' id='1' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
    <name>vm1</name>
    <uuid>9d0b1a4e-7a61-4a7b-9a5c-0d9a2f0c6b11</uuid>
    <metadata><x:name xmlns:x='urn:x'>other</x:name></metadata>
    <devices>
      <disk type='file' device='disk'><target dev='vda' bus='virtio'/></disk>
      <interface type='bridge'>
        <mac address='52:54:00:AB:CD:EF'/>
        <source bridge='br0'/>
        <target dev='vnet0'/>
        <model type='virtio'/>
      </interface>
      <interface type='network'>
        <mac address='52:54:00:00:00:02'/>
        <target dev='vnet1'/>
      </interface>
      <interface type='user'><mac address='52:54:00:00:00:03'/></interface>
      <interface type='bridge'><mac address='none'/><target dev='vnet3'/></interface>
    </devices>
  </domain>
</domstatus>
`

func TestTaps(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"vm1.xml": state, "vm1.pid": "4711", "half.xml": state[:700], "other.xml": "<domain><name>vm9</name></domain>"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]tap{"vnet0": {"vm1", "52:54:00:ab:cd:ef"}, "vnet1": {"vm1", "52:54:00:00:00:02"}}
	if diff := cmp.Diff(want, taps(dir), cmp.AllowUnexported(tap{})); diff != "" {
		t.Error(diff)
	}
	if got := taps(filepath.Join(dir, "none")); len(got) > 0 {
		t.Errorf("%v", got)
	}
}

// FuzzReadDomain looks for a state that makes the reader fail, or gives a tap without a machine or MAC address.
func FuzzReadDomain(f *testing.F) {
	f.Add([]byte(state))
	f.Add([]byte("<domstatus><domain><name>a</name><devices><interface><mac address='0:0'/></interface></devices></domain></domstatus>"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got := map[string]tap{}
		readDomain(text, got)
		for name, of := range got {
			if name == "" || of.domain == "" || len(of.mac) < 17 {
				t.Errorf("%q: %+v", name, of)
			}
		}
	})
}
