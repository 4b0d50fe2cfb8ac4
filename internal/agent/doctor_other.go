//go:build !linux

package agent

import (
	"errors"
	"runtime"
)

// Examine says that this is not Linux.
func Examine(string) []Finding {
	return []Finding{{"kernel", stateMissing, runtime.GOOS, "Linux 6.6 or later is needed, or for capture: packet any"}}
}

// tryBPF fails: there is only Linux's way.
func tryBPF() error { return errors.ErrUnsupported }
