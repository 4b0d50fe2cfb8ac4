package agent

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
)

func TestExamineKernel(t *testing.T) {
	for release, want := range map[string]string{
		"6.6.0": "ok", "6.18.44-generic": "ok", "7.0": "ok", "6.12-rc3": "ok", "6.5.13-x": "note", "5.15.0-91-generic": "note", "4.18.0-513.el8.x86_64": "note", "": "note", "six": "note",
	} {
		if f := examineKernel(release); f.State != want || want != "ok" && f.Do == "" {
			t.Errorf("%q: %+v", release, f)
		}
	}
}

func TestExamineCapabilities(t *testing.T) {
	for effective, want := range map[string]string{
		"000001ffffffffff": "ok ok ok ok",
		"0000000000000000": "missing missing missing missing",
		"000000c000001000": "ok ok ok missing",           // what BPF takes alone
		"0000000000200000": "ok missing ok missing",      // CAP_SYS_ADMIN stands for two
		"0000008000001000": "ok ok missing missing",      // without CAP_PERFMON
		"0000000000002000": "missing missing missing ok", // what packets take alone
		"x":                "note note",
	} {
		var states []string
		for _, f := range examineCapabilities(effective) {
			states = append(states, f.State)
			if f.State != "ok" && f.Do == "" {
				t.Errorf("%s: %+v", effective, f)
			}
		}
		if got := strings.Join(states, " "); got != want {
			t.Errorf("%s: %s, want %s", effective, got, want)
		}
	}
}

func TestExamineNamespaces(t *testing.T) {
	for effective, want := range map[string]string{"000001ffffffffff": "ok", "0000000000280000": "ok", "0000000000200000": "note", "0000000000080000": "note", "000000c000001000": "note", "x": "note"} {
		if f := examineNamespaces(effective); f.State != want || want != "ok" && f.Do == "" {
			t.Errorf("%s: %+v", effective, f)
		}
	}
}

func TestLoadAdvice(t *testing.T) {
	for err, want := range map[error]string{syscall.ENOSYS: "CONFIG_BPF_SYSCALL", syscall.EPERM: "seccomp", syscall.ENOMEM: "RLIMIT_MEMLOCK", errors.New("x"): "Linux 6.6"} {
		if got := loadAdvice(fmt.Errorf("can't load: %w", err)); !strings.Contains(got, want) {
			t.Errorf("%v: %s", err, got)
		}
	}
}

// TestChoose has what one way to count lacks and the other does not need.
func TestChoose(t *testing.T) {
	for _, tc := range []struct {
		capture, bpf, packets, want string
		works                       bool
	}{
		{"bpf", stateOK, stateMissing, "ok note", true},
		{"bpf", stateMissing, stateOK, "missing ok", false},
		{"packet", stateMissing, stateOK, "note ok", true},
		{"packet", stateOK, stateMissing, "ok missing", false},
		{"auto", stateMissing, stateOK, "note ok", true},
		{"auto", stateOK, stateMissing, "ok note", true},
		{"auto", stateMissing, stateMissing, "missing missing", false},
	} {
		found := choose(tc.capture, []Finding{{State: tc.bpf, Do: "this"}}, []Finding{{State: tc.packets, Do: "that"}})
		if got := found[0].State + " " + found[1].State; got != tc.want || Works(found) != tc.works {
			t.Errorf("%+v: %s, %+v", tc, got, found)
		}
	}
	if f := examinePackets(errors.New("no")); f.State != stateMissing || f.Do == "" {
		t.Errorf("%+v", f)
	}
}
