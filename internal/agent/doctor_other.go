//go:build !linux

package agent

import (
	"errors"
	"runtime"
)

// Examine says that this is not Linux.
func Examine(string) []Finding {
	return []Finding{{Name: "kernel", State: stateMissing, Found: runtime.GOOS, Do: "Linux 6.6 or later is needed, or for capture: packet any"}}
}

// Fix mends nothing.
func Fix(capture string) ([]Finding, error) { return Examine(capture), nil }

// tryBPF fails: there is only Linux's way.
func tryBPF() error { return errors.ErrUnsupported }
