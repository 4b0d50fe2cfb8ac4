package alarm

// What holds actions back, as ActionsSuppressedBy tells it.
const (
	byAlarm     = "Alarm"
	byWait      = "WaitPeriod"
	byExtension = "ExtensionPeriod"
)

// suppress decides about the actions of composite alarms that have a suppressor, when the states of some alarms have changed.
//
// A transition is held back while the suppressor is in ALARM, and until the wait period has passed, in which it may go there. When the suppressor
// leaves ALARM, what is held back stays so for the extension period; a transition in that time begins a wait period instead. When a period
// has passed, the actions are those of the state at that time.
//
// Source: AWS, CloudWatch User Guide, "Suppressing composite alarm actions", with its six examples. What AWS leaves open: a suppressor that goes
// off and back while nothing is held back has no effect here, so no action is taken twice for one transition.
func (b *batch) suppress(changed map[string]bool) error {
	for _, name := range b.composites() {
		a := b.get(name)
		if a.Composite.Suppressor == "" {
			continue
		}
		suppressor := NameOf(a.Composite.Suppressor)
		on := b.get(suppressor) != nil && b.get(suppressor).State == Alarm
		switch {
		case changed[name] && on:
			b.edit(name).hold(byAlarm, 0)
		case changed[name]:
			if err := b.holdFor(name, byWait, a.Composite.WaitPeriod); err != nil {
				return err
			}
		case !changed[suppressor] || !a.Held:
		case on:
			b.edit(name).hold(byAlarm, 0)
		case a.SuppressedBy == byAlarm:
			if err := b.holdFor(name, byExtension, a.Composite.ExtensionPeriod); err != nil {
				return err
			}
		}
	}
	return nil
}

// holdFor holds the actions of an alarm back for some seconds, or takes them where that is 0.
func (b *batch) holdFor(name, by string, seconds int) error {
	a := b.edit(name)
	if seconds == 0 {
		return b.release(a)
	}
	a.hold(by, b.now+int64(seconds)*1000)
	return nil
}

// hold holds the actions of the last transition back, until a time in milliseconds since the epoch, or, where that is 0, until something happens.
func (a *alarm) hold(by string, until int64) {
	a.Held, a.Until = true, until
	a.SuppressedBy, a.SuppressedReason = by, "Actions suppressed by "+by
}

// release takes the actions that were held back. Their time is now, as in the event that AWS's guide shows of an alarm whose wait was over.
func (b *batch) release(a *alarm) error {
	a.Held, a.Until, a.SuppressedBy, a.SuppressedReason = false, 0, "", ""
	a.StateUpdated = b.now
	late := *a.Last
	late.Time = b.now
	return b.act(a, &late, nil)
}

// releaseDue takes the actions of which the period has passed.
func (b *batch) releaseDue() error {
	for _, name := range b.composites() {
		if b.get(name).due(b.now) {
			if err := b.release(b.edit(name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// due reports whether the period has passed for which the actions of an alarm are held back.
func (a *alarm) due(now int64) bool { return a.Held && a.Until > 0 && a.Until <= now }
