package lab

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"
)

// buildLock is a socket's name of the abstract kind, which is of the network namespace that labs are built beside: no file is made for it, and it is free when its process ends. That of namespaces' names
// is not locked, since ip does so itself.
const buildLock = "@weir-lab"

// ErrBuilding is of a lab that is built or taken away just now, whatever its folder.
var ErrBuilding = errors.New("a lab of this machine is built or taken away just now")

// lockBuilds has nobody else build a lab or take one away until unlock is called, or this process ends: labs of all folders have the same namespaces.
func lockBuilds(ctx context.Context) (unlock func() error, err error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "unix", buildLock)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, ErrBuilding
	}
	if err != nil {
		return nil, err
	}
	return l.Close, nil
}

// awaitBuilds locks as lockBuilds does, once whoever has locked before is done, or says that it is locked after a while.
func awaitBuilds(ctx context.Context, most time.Duration) (unlock func() error, err error) {
	over := time.After(most)
	for {
		unlock, err := lockBuilds(ctx)
		if !errors.Is(err, ErrBuilding) {
			return unlock, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-over:
			return nil, err
		case <-time.After(20 * time.Millisecond):
		}
	}
}
