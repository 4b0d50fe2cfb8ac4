package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/agent/config"
	"weir/internal/agent/device"
)

// TestAttachments keeps devices that were attached, and reads them again.
func TestAttachments(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state", "attachments.json")
	s, err := readAttachments(file)
	if err != nil || len(s.all) > 0 {
		t.Fatal(s, err)
	}
	yes := true
	for _, a := range []Attachment{{Device: "eth0"}, {Device: "eth0", Netns: "web", ENI: "eni-1"}, {Device: "eth0", Mode: "enforce", Flipped: &yes}} {
		if err := s.keep(s.with(&a)); err != nil {
			t.Fatal(err)
		}
	}
	want := []Attachment{{Device: "eth0", Netns: "web", ENI: "eni-1"}, {Device: "eth0", Mode: "enforce", Flipped: &yes}}
	again, err := readAttachments(file)
	if diff := cmp.Diff(want, again.all); err != nil || diff != "" {
		t.Errorf("%v: %s", err, diff)
	}
	if about, err := os.Stat(file); err != nil || about.Mode() != 0o600 {
		t.Errorf("%v: %v", about, err)
	}
	got := elements(again.all, &config.Config{Interfaces: []config.Interface{{Device: "eth1", Mode: "count"}}})
	if len(got) != 3 || got[0].Mode != "shadow" || got[0].Netns != "web" || got[1].Mode != "enforce" || got[2].Device != "eth1" {
		t.Errorf("%+v", got)
	}
	gone := absent(again.all, []Match{{Device: device.Device{Name: "eth0", Netns: "web"}}})
	if len(gone) != 1 || gone[0].Label() != "eth0" || !gone[0].Attached || gone[0].State() != "refused" {
		t.Errorf("%+v", gone)
	}
	if err := s.keep(s.without(&want[0])); err != nil || len(s.all) != 1 || s.all[0].Netns != "" {
		t.Errorf("%v: %+v", err, s.all)
	}
	for _, mode := range config.Modes { // what the config takes is taken
		if err := (&Attachment{Device: "eth0", Mode: mode}).Check(); err != nil {
			t.Error(err)
		}
	}
	// A place that can't be written to: nothing has changed.
	if err := os.RemoveAll(filepath.Dir(file)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Dir(file), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.keep(nil); err == nil || len(s.all) != 1 {
		t.Errorf("%v: %+v", err, s.all)
	}
	if err := (&attachments{}).keep(nil); err == nil {
		t.Error("kept nowhere")
	}
}

// TestParseAttachments has files that are none, each with why.
func TestParseAttachments(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{``, "EOF"},
		{`{}`, "cannot unmarshal object"},
		{`[{"device": "eth0", "x": 1}]`, `unknown field "x"`},
		{`[{"device": "eth*"}]`, `"eth*" is no name of a device`},
		{`[{"device": "a/b"}]`, `"a/b" is no name of a device`},
		{`[{"device": "abcdefghijklmnop"}]`, "is no name of a device"},
		{`[{"netns": "web"}]`, `"" is no name of a device`},
		{`[{"device": "eth0", "netns": "a/b"}]`, `"a/b" is neither the name of a network namespace`},
		{`[{"device": "eth0", "mode": "on"}]`, `"on" is none of count, shadow, enforce, observe`},
		{`[{"device": "eth0"}, {"device": "eth0", "eni": "eni-1"}]`, "eth0 is there twice"},
		{`[] []`, "more than a list"},
	} {
		if _, err := parseAttachments([]byte(tc.text)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %s", tc.text, err, tc.want)
		}
	}
}

// FuzzParseAttachments looks for a text that gives attachments that can't be.
func FuzzParseAttachments(f *testing.F) {
	f.Add([]byte(`[{"device": "eth0", "netns": "web", "eni": "eni-1", "mode": "enforce", "flipped": true}]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := parseAttachments(text)
		for i := range all {
			if e := all[i].Check(); err == nil && e != nil {
				t.Errorf("%+v: %v", all[i], e)
			}
		}
	})
}

// TestAttachAttachment has a device that a command says is an attachment of a transit gateway.
func TestAttachAttachment(t *testing.T) {
	a := Attachment{Device: "eth0", Attachment: "tgw-attach-a"}
	if err := a.Check(); err != nil {
		t.Error(err)
	}
	if e := a.element(); e.Attachment != "tgw-attach-a" || e.Mode != "count" {
		t.Errorf("%+v", e)
	}
	if gone := absent([]Attachment{a}, nil); len(gone) != 1 || gone[0].Interface != "tgw-attach-a" || gone[0].Mode != "count" {
		t.Errorf("%+v", gone)
	}
	for want, a := range map[string]Attachment{
		"a device is a network interface or a transit gateway attachment, not both":                {Device: "eth0", Attachment: "tgw-attach-a", ENI: "eni-1"},
		"no rules decide at an attachment of a transit gateway, which has mode count, not enforce": {Device: "eth0", Attachment: "tgw-attach-a", Mode: "enforce"},
	} {
		if err := a.Check(); err == nil || err.Error() != want {
			t.Errorf("%+v: %v", a, err)
		}
	}
}
