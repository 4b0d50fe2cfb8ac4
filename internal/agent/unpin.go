package agent

import (
	"os"

	"weir/internal/capture/ebpf"
)

// Unpin takes away the programs that an agent has left pinned in a folder of a BPF file system, from all devices, with the tables of what they counted. It fails where an agent that runs
// has the folder, and with fs.ErrNotExist where there is none.
func Unpin(dir string) error {
	if _, err := os.Stat(dir); err != nil {
		return err
	}
	return ebpf.Remove(dir)
}
