package ebpf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// magicBPF is what statfs says of a BPF file system.
//
// Source: BPF_FS_MAGIC in linux/magic.h.
const magicBPF = 0xcafe4a11

// isBPF returns an error if a directory, or what it is to be made in, is in no BPF file system.
func isBPF(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	at := dir
	var s syscall.Statfs_t
	for {
		err := syscall.Statfs(at, &s)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) || at == "/" {
			return fmt.Errorf("can't tell which file system %s is in: %w", dir, err)
		}
		at = filepath.Dir(at)
	}
	if uint32(s.Type) != magicBPF {
		return fmt.Errorf("%s %w: mount one (mount -t bpf bpf /sys/fs/bpf), or name a directory of one", dir, ErrNoFileSystem)
	}
	return nil
}

// lockFile has a file for this process alone, until it is closed or the process ends.
func lockFile(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

func unlockFile(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }

// networkNamespace returns what tells the calling thread's network namespace from others that are there: the inode of its file.
func networkNamespace() (uint64, error) {
	var s syscall.Stat_t
	if err := syscall.Stat("/proc/thread-self/ns/net", &s); err != nil {
		return 0, fmt.Errorf("can't tell the network namespace: %w", err)
	}
	return s.Ino, nil
}

// networkCookie returns what tells the calling thread's network namespace from all others since the host began. The kernel has it since Linux 5.14.
func networkCookie() (uint64, error) {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("can't tell the network namespace: %w", err)
	}
	defer func() { _ = unix.Close(s) }()
	cookie, err := unix.GetsockoptUint64(s, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
	if err != nil {
		return 0, fmt.Errorf("can't tell the network namespace: %w", err)
	}
	return cookie, nil
}
