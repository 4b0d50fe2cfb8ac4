//go:build !linux

package agent

import "runtime"

// Examine says that this is not Linux.
func Examine() []Finding {
	return []Finding{{"kernel", stateMissing, runtime.GOOS, "Linux 6.6 or later is needed"}}
}
