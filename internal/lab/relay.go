package lab

import (
	"context"
	"io"
	"net"
	"sync"
)

// relay hands each connection to an address of the router's loopback on to one of the host's, until ctx is done. Who is in the router's namespace has no other way out of it.
func relay(ctx context.Context, at, to string) error {
	var l net.Listener
	err := inside(Prefix+router, func() (err error) {
		l, err = (&net.ListenConfig{}).Listen(ctx, "tcp4", at)
		return err
	})
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if ctx.Err() != nil {
				return
			}
			if err == nil {
				go pass(ctx, c, to)
			}
		}
	}()
	return nil
}

// pass passes what both sides of a connection send.
func pass(ctx context.Context, from net.Conn, to string) {
	defer func() { _ = from.Close() }()
	far, err := (&net.Dialer{}).DialContext(ctx, "tcp4", to)
	if err != nil {
		return // who asked sees that its connection is closed
	}
	defer func() { _ = far.Close() }()
	var wg sync.WaitGroup
	for _, way := range [][2]net.Conn{{from, far}, {far, from}} {
		wg.Go(func() {
			_, _ = io.Copy(way[1], way[0]) // a side that ends in the middle is seen by the other one
			if c, ok := way[1].(*net.TCPConn); ok {
				_ = c.CloseWrite()
			}
		})
	}
	wg.Wait()
}
