//go:build !linux

package agent

import "errors"

// hostDevices fails: there is only Linux's way.
func hostDevices() ([]Device, error) {
	return nil, errors.New("network devices are watched on Linux alone")
}
