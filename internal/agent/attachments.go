package agent

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"weir/internal/agent/config"
	"weir/internal/agent/device"
	"weir/internal/durable"
)

// An Attachment is a device that was attached by a command, as an element of the config's interfaces.
type Attachment struct {
	// Device is its name, and no pattern, and Netns its network namespace; "": the agent's.
	Device string `json:"device"`
	Netns  string `json:"netns,omitempty"`
	ENI    string `json:"eni,omitempty"`
	// Attachment is the id of the transit gateway attachment that it is, in place of ENI.
	Attachment string `json:"attachment,omitempty"`
	Mode       string `json:"mode,omitempty"` // "": shadow, of an attachment count
	// Flipped is as the config has it; nil: nobody says.
	Flipped *bool `json:"flipped,omitempty"`
}

// mostName is how many letters a device's name has at most. Source: Linux, IFNAMSIZ in include/uapi/linux/if.h, with its zero.
const mostName = 15

// Check returns what is wrong with an attachment in itself.
func (t *Attachment) Check() error {
	switch {
	case t.Device == "" || len(t.Device) > mostName || strings.ContainsAny(t.Device, "/: \t\n") || strings.ContainsAny(t.Device, `*?[\`):
		return fmt.Errorf("%q is no name of a device", t.Device)
	case t.Netns != "" && !config.IsNetns(t.Netns):
		return fmt.Errorf("%q is neither the name of a network namespace nor an absolute path", t.Netns)
	case t.Mode != "" && !slices.Contains(config.Modes, t.Mode):
		return fmt.Errorf("%q is none of %s", t.Mode, strings.Join(config.Modes, ", "))
	case t.Attachment != "" && t.ENI != "":
		return errors.New("a device is a network interface or a transit gateway attachment, not both")
	case t.Attachment != "" && t.Mode != "" && t.Mode != "count":
		return fmt.Errorf("no rules decide at an attachment of a transit gateway, which has mode count, not %s", t.Mode)
	}
	return nil
}

// Label names the device among those of all network namespaces.
func (t *Attachment) Label() string {
	d := Match{Device: device.Device{Name: t.Device, Netns: t.Netns}}
	return d.Label()
}

// element returns it as the config has one. It stands in no line.
func (t *Attachment) element() config.Interface {
	mode := t.Mode
	switch {
	case t.Attachment != "":
		mode = "count"
	case mode == "":
		mode = "shadow"
	}
	return config.Interface{Device: t.Device, Netns: t.Netns, ENI: t.ENI, Attachment: t.Attachment, Mode: mode, Flipped: t.Flipped}
}

// same reports whether two are of one device.
func (t *Attachment) same(o *Attachment) bool { return t.Device == o.Device && t.Netns == o.Netns }

// attachments are those of an agent, which a file keeps.
type attachments struct {
	file string // "": there is no place to keep them
	all  []Attachment
}

// readAttachments reads those that are kept; a file that is not there has none.
func readAttachments(file string) (*attachments, error) {
	out := &attachments{file: file}
	if file == "" {
		return out, nil
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return nil, fmt.Errorf("can't read what weir-agent attach has attached: %w", err)
	}
	if out.all, err = parseAttachments(text); err != nil {
		return nil, fmt.Errorf("%s, which keeps what weir-agent attach has attached: %w; without the file nothing is", file, err)
	}
	return out, nil
}

// parseAttachments reads a file's text.
func parseAttachments(text []byte) ([]Attachment, error) {
	var out []Attachment
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&out); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, errors.New("there is more than a list in it")
	}
	for i := range out {
		if err := out[i].Check(); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(out[:i], func(o Attachment) bool { return o.same(&out[i]) }) {
			return nil, fmt.Errorf("%s is there twice", out[i].Label())
		}
	}
	return out, nil
}

// keep has these be attached from now on. Where they can't be kept, those of before are.
func (s *attachments) keep(all []Attachment) error {
	if s.file == "" {
		return errors.New("there is no place to keep what is attached: say attachments in the config")
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(s.file), 0o700); err != nil {
		return fmt.Errorf("can't keep what is attached: %w", err)
	}
	if err := durable.WriteFile(s.file, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("can't keep what is attached: %w", err)
	}
	s.all = all
	return nil
}

// with returns all with one more, which takes the place of one of the same device, and without returns all but one.
func (s *attachments) with(t *Attachment) []Attachment { return append(s.without(t), *t) }

func (s *attachments) without(t *Attachment) []Attachment {
	return slices.DeleteFunc(slices.Clone(s.all), func(o Attachment) bool { return o.same(t) })
}

// elements returns what devices are: by attachments, which are of one device each, and then by the config.
func elements(all []Attachment, c *config.Config) []config.Interface {
	var out []config.Interface
	for i := range all {
		out = append(out, all[i].element())
	}
	return append(out, c.Interfaces...)
}

// absent returns the attachments that no device is of now.
func absent(all []Attachment, matches []Match) []Match {
	var out []Match
	for i := range all {
		t := &all[i]
		if !slices.ContainsFunc(matches, func(m Match) bool { return m.Label() == t.Label() || m.Name == "*" && m.Netns == t.Netns }) {
			e := t.element()
			out = append(out, Match{Device: device.Device{Name: t.Device, Netns: t.Netns}, Interface: cmp.Or(t.Attachment, t.ENI), Mode: e.Mode, Attached: true, Refused: "there is no such device now"})
		}
	}
	return out
}
