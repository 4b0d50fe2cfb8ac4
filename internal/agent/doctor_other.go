//go:build !linux

package agent

import "runtime"

// Examine says that this is not Linux.
func Examine() []Finding {
	return []Finding{{Name: "kernel", State: stateMissing, Found: runtime.GOOS, Do: "Linux 6.6 or later is needed"}}
}

// Fix mends nothing.
func Fix() ([]Finding, error) { return Examine(), nil }
