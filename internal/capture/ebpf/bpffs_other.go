//go:build !linux

package ebpf

import (
	"errors"
	"os"
)

func isBPF(string) error { return errors.ErrUnsupported }

func lockFile(*os.File) error { return errors.ErrUnsupported }

func unlockFile(*os.File) error { return errors.ErrUnsupported }

func networkNamespace() (uint64, error) { return 0, errors.ErrUnsupported }

func networkCookie() (uint64, error) { return 0, errors.ErrUnsupported }
