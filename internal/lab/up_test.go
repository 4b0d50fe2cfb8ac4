package lab

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestOptions refuses options that a lab is never ready with, before anything is made.
func TestOptions(t *testing.T) {
	for _, tc := range []struct{ dir, listen, want string }{
		{"/lab", "127.0.0.1:8787", ""},
		{"/lab", "127.0.0.9:80", ""},
		{"/lab", "0.0.0.0:80", "weir serve without TLS listens at loopback addresses alone"},
		{"/lab", "192.0.2.1:80", "weir serve without TLS listens at loopback addresses alone"},
		{"/" + strings.Repeat("d", mostDir-1), "127.0.0.1:8787", ""},
		{"lab", "127.0.0.1:8787", "lab is no absolute path"},
		{"/" + strings.Repeat("d", mostDir), "127.0.0.1:8787", "the name of its folder has 93 bytes, and 92 at most"},
		{"/lab", "127.0.0.1:0", "it takes an IPv4 address and a port"}, // which nobody would know
		{"/lab", "[::1]:8787", "it takes an IPv4 address and a port"},  // which the agent has no way to
		{"/lab", ":8787", "it takes an IPv4 address and a port"},
		{"/lab", "8787", "it takes an IPv4 address and a port"},
	} {
		err := (&Options{Dir: tc.dir, Listen: tc.listen}).check()
		if (err == nil) != (tc.want == "") || err != nil && (!errors.Is(err, ErrNotReady) || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s %s: %v, want %s", tc.dir, tc.listen, err, tc.want)
		}
	}
}

// TestTogether has the first that fails break off the others, and waits for them.
func TestTogether(t *testing.T) {
	fails := errors.New("the kernel takes no program")
	ended := false
	waits := func(ctx context.Context) error {
		<-ctx.Done()
		ended = true
		return ctx.Err()
	}
	works := func(context.Context) error { return nil }
	if err := together(t.Context(), waits, works, func(context.Context) error { return fails }); !errors.Is(err, fails) || !ended {
		t.Error(err, ended)
	}
	if err := together(t.Context(), works, works); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := together(ctx, func(ctx context.Context) error { return fmt.Errorf("serve is not ready: %w", ctx.Err()) }); !errors.Is(err, context.Canceled) || err.Error() != "serve is not ready: context canceled" {
		t.Error(err)
	}
}
