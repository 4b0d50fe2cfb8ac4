package agent

import (
	"errors"
	"fmt"
	"slices"
)

// errRefused is of what was asked by the socket and is not done, for a reason that is told.
var errRefused = errors.New("refused")

// refusef returns an error that is told to who asked, and is not the agent's fault.
func refusef(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errRefused}, args...)...)
}

// attachBy attaches a device that a command names, and keeps it. It is attached as soon as this returns, or nothing has changed.
func (a *agent) attachBy(t *Attachment) (*Match, error) {
	if err := t.Check(); err != nil {
		return nil, refusef("%w", err)
	}
	if e := t.element(); e.ENI != "" {
		if _, err := a.network.policyOf(e.ENI, e.Mode); err != nil {
			return nil, refusef("%w", err)
		}
	}
	before := a.attachments.all
	next := a.attachments.with(t)
	matches, err := devicesOf(elements(next, a.Config), a.network, counted{all: a.attached})
	if err != nil {
		return nil, err
	}
	if err := a.permits(t, matches); err != nil {
		return nil, err
	}
	if err := a.attachments.keep(next); err != nil {
		return nil, err
	}
	err = a.look(false)
	m := matchOf(t, a.matches)
	if m != nil {
		if w := a.attached[m.place()]; w != nil && w.Mode == m.Mode && !w.becomes(m) {
			return m, nil // what else is wrong with devices is said every few seconds
		}
	}
	if m != nil && m.Refused != "" {
		err = refusef("%s", m.Refused)
	} else if err == nil {
		err = refusef("%s went meanwhile", t.Label())
	}
	return nil, errors.Join(err, a.attachments.keep(before), a.look(false))
}

// permits returns why a device can't be attached, by what all devices would be then.
func (a *agent) permits(t *Attachment, matches []Match) error {
	m := matchOf(t, matches)
	if m == nil {
		if at := slices.IndexFunc(matches, func(m Match) bool { return m.Name == "*" && m.Netns == t.Netns }); at >= 0 {
			return refusef("%s", matches[at].Refused)
		}
		return refusef("there is no device %s", t.Label())
	}
	if m.Refused != "" {
		return refusef("%s: %s", t.Label(), m.Refused)
	}
	for i := range matches {
		o := &matches[i]
		if w := a.attached[o.place()]; w != nil && o.Refused != "" && o.Label() != t.Label() {
			return refusef("%s is %s already: its packets would count twice", o.Label(), w.Interface)
		}
	}
	return nil
}

// matchOf returns what an attachment's device is; nil: there is none.
func matchOf(t *Attachment, all []Match) *Match {
	at := slices.IndexFunc(all, func(m Match) bool { return m.Label() == t.Label() && m.Index > 0 })
	if at < 0 {
		return nil
	}
	return &all[at]
}

// detachBy takes back that a device was attached; it is what the config says then. Without a device it takes back all.
func (a *agent) detachBy(t *Attachment) ([]Attachment, error) {
	before := a.attachments.all
	var next []Attachment
	if t != nil {
		if next = a.attachments.without(t); len(next) == len(before) {
			if m := matchOf(t, a.matches); m != nil && m.Refused == "" {
				return nil, refusef("%s was not attached by weir-agent attach: it is one of interfaces in %s", t.Label(), a.Config.File)
			}
			return nil, refusef("%s is not attached", t.Label())
		}
	}
	if len(next) < len(before) {
		if err := a.attachments.keep(next); err != nil {
			return nil, err
		}
		a.unlooked(a.look(false))
	}
	return slices.DeleteFunc(slices.Clone(before), func(o Attachment) bool {
		return slices.ContainsFunc(next, func(n Attachment) bool { return n.same(&o) })
	}), nil
}
