package policy

import (
	"errors"
	"path/filepath"
	"testing"

	"weir/internal/netmodel"
	"weir/internal/sharedtest"
)

// TestNpGuardRoutes checks that without route tables, which np-guard's collector does not
// have, no way out of a VPC is assumed, and that from outside the way in is known up to the
// reply.
func TestNpGuardRoutes(t *testing.T) {
	root := sharedtest.Path(t, "data", "netdefs", "np-guard-aws")
	in, out := 0, 0
	for _, name := range []string{"aws_acl_1", "aws_sg_1", "basic_config_with_sg"} {
		loaded, err := netmodel.Load(filepath.Join(root, "input", "input_"+name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		d := New(loaded.Network)
		for _, i := range loaded.Interfaces {
			p := tcp(i.Addresses[0].String(), 50000, "8.8.8.8", 443)
			if path, err := d.Path(i.ID, Internet, &p); !errors.Is(err, ErrNoPath) {
				t.Errorf("%s: %s out of %s, %v", name, path.Action, i.ID, err)
			}
			out++
			public := d.PublicOf(i, i.Addresses[0])
			if !public.IsValid() {
				continue
			}
			// What the rules refuse is known; what they let in has no reply that is.
			p = tcp("8.8.8.8", 50000, public.String(), 443)
			path, err := d.Path(Internet, i.ID, &p)
			last := path.Forward[len(path.Forward)-1]
			if (err == nil) != (last.Action == Reject) || err != nil && !errors.Is(err, ErrNoPath) {
				t.Errorf("%s: %s into %s, %v: %s", name, path.Action, i.ID, err, texts(path.Forward))
			}
			in++
		}
	}
	if in == 0 || out == 0 {
		t.Errorf("%d ENIs have public addresses, of %d", in, out)
	}
}
