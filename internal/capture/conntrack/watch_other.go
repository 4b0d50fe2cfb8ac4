//go:build !linux

package conntrack

import (
	"context"
	"errors"
	"time"
)

// Start says that this is not Linux.
func Start(context.Context, func() time.Time) (*Watch, error) {
	return nil, errors.New("connections are followed on Linux alone")
}
