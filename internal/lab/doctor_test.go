package lab

import (
	"strings"
	"testing"
)

// TestFinding has packages that start a service be told from those that don't.
func TestFinding(t *testing.T) {
	for pkg, starts := range map[string]bool{"iproute2": false, "nftables": false, "haproxy": true, "postgresql": true, "redis-server": true, "xrdp": true} {
		f := finding("x", pkg, "", "missing", "")
		if f.State != "missing" || !strings.Contains(f.Do, " "+pkg) || strings.HasSuffix(f.Do, ", which may start it") != starts {
			t.Errorf("%+v", f)
		}
	}
	if f := finding("x", "haproxy", "/usr/sbin/haproxy", "missing", ""); f.State != "ok" || f.Found != "/usr/sbin/haproxy" || f.Do != "" {
		t.Errorf("%+v", f)
	}
}

// TestFindS3 has versitygw be found by its variable, and be no need where it is not there.
func TestFindS3(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv(envS3, "")
	if f := findS3(); f.State != "note" || !strings.Contains(f.Do, "sudo VERSITYGW=FILE weir lab up") {
		t.Errorf("%+v", f)
	}
	t.Setenv(envS3, "/bin/sh")
	if f := findS3(); f.State != "ok" || f.Found != "/bin/sh" {
		t.Errorf("%+v", f)
	}
	if f := makesNamespaces(); f.State != "missing" || !strings.HasPrefix(f.Found, "namespaces can't be made: ") || f.Do == "" { // without unshare
		t.Errorf("%+v", f)
	}
}
