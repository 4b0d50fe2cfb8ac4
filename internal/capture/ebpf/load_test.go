package ebpf

import (
	"errors"
	"os"
	"sync"
	"testing"

	"weir/internal/sharedtest"

	"github.com/cilium/ebpf"
)

// load loads a program whose clock is driven, for a test.
func load(t testing.TB, o Options) *Program {
	t.Helper()
	p, err := Load(o)
	if err != nil {
		var verifier *ebpf.VerifierError
		switch {
		case errors.As(err, &verifier) && len(verifier.Log) > 0:
			t.Fatalf("%+v", verifier)
		case errors.Is(err, os.ErrPermission) && os.Getenv("WEIR_CI") != "1":
			sharedtest.NotRun(t, "BPF programs can't be loaded here: %v", err)
		}
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// loadable is the error of loading a program here.
var loadable = sync.OnceValue(func() error {
	p, err := Load(Options{Connections: 16, Asides: 16})
	if err != nil {
		return err
	}
	return p.Close()
})

// needLoad skips a test where the kernel lets nobody load programs.
func needLoad(t *testing.T) {
	t.Helper()
	if err := loadable(); errors.Is(err, os.ErrPermission) {
		sharedtest.NotRun(t, "BPF programs can't be loaded here: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
}

// swap puts interfaces in force, and gives up what was counted before.
func swap(t testing.TB, p *Program, interfaces []Interface) {
	t.Helper()
	if err := p.Swap(interfaces); err != nil {
		t.Fatal(err)
	}
	if err := p.Read(nothing); err != nil {
		t.Fatal(err)
	}
}

func TestLoad(t *testing.T) { load(t, Options{}) }
