//go:build !linux

package device

import (
	"errors"
	"runtime"
)

// List says that this is not Linux.
func List(Query) (*Found, error) {
	return nil, errors.New("network devices of " + runtime.GOOS + " can't be listed: Linux is needed")
}

// In says that this is not Linux.
func In(string, func() error) error {
	return errors.New("there are no network namespaces on " + runtime.GOOS)
}

// Names returns none.
func Names() []string { return nil }
