package alarm

import (
	"context"
	"database/sql"
	"encoding/json"
	"maps"

	"weir/internal/sqlitedb"
)

// A batch is changes that become durable together: alarms, their history and their actions.
type batch struct {
	//nolint:containedctx // it is the transaction's, and ends with it
	ctx context.Context
	s   *Store
	tx  *sql.Tx
	// now is the time of the batch in milliseconds since the epoch.
	now int64
	// changed has copies that may be changed; nil is an alarm that was deleted.
	changed map[string]*alarm
	// touched are alarms of which nothing but the time that was judged has changed.
	touched map[string]int64
	// transitioned are the alarms whose state changed and that no composite alarm has answered to yet.
	transitioned []string
	acted        bool
	// logged says that there is something new in the history.
	logged bool
}

// write calls fn with a batch, and makes what it changed durable, or, where it fails, nothing.
func (s *Store) write(ctx context.Context, fn func(*batch) error) error {
	s.change.Lock()
	defer s.change.Unlock()
	b := &batch{ctx: ctx, s: s, now: s.nowMS(), changed: map[string]*alarm{}, touched: map[string]int64{}}
	if err := sqlitedb.InTx(ctx, s.db, func(tx *sql.Tx) error {
		b.tx = tx
		if err := fn(b); err != nil {
			return err
		}
		return b.save()
	}); err != nil {
		return err
	}
	b.install()
	if b.acted {
		signal(s.ready)
	}
	if b.logged || len(b.changed) > 0 {
		s.changes.announce()
	}
	return nil
}

// get returns an alarm as the batch has it, nil where there is none. It is not to be changed.
func (b *batch) get(name string) *alarm {
	if a, has := b.changed[name]; has {
		return a
	}
	return b.s.alarms[name] // only a batch changes it, and there is one at a time
}

// edit returns an alarm to be changed, nil where there is none.
func (b *batch) edit(name string) *alarm {
	a := b.get(name)
	if _, has := b.changed[name]; has || a == nil {
		return a
	}
	clone := *a
	b.changed[name] = &clone
	return &clone
}

// save writes what has changed.
func (b *batch) save() error {
	for name, a := range b.changed {
		if a == nil {
			continue // delete wrote that
		}
		body, err := json.Marshal(a.row)
		if err != nil {
			return err
		}
		if at, has := b.touched[name]; has {
			a.evaluated = at
		}
		if _, err := b.tx.ExecContext(b.ctx, "UPDATE alarms SET body = ?, evaluated = ? WHERE id = ?", string(body), a.evaluated, a.id); err != nil {
			return err
		}
		delete(b.touched, name)
	}
	if len(b.touched) == 0 {
		return nil
	}
	update, err := b.tx.PrepareContext(b.ctx, "UPDATE alarms SET evaluated = ? WHERE id = ?")
	if err != nil {
		return err
	}
	defer update.Close()
	for name, at := range b.touched {
		if _, err := update.ExecContext(b.ctx, at, b.s.alarms[name].id); err != nil {
			return err
		}
	}
	return nil
}

// install puts what became durable in place of what was.
func (b *batch) install() {
	if len(b.changed)+len(b.touched) == 0 {
		return
	}
	all := maps.Clone(b.s.alarms)
	for name, at := range b.touched {
		clone := *all[name]
		clone.evaluated = at
		all[name] = &clone
	}
	for name, a := range b.changed {
		if a == nil {
			delete(all, name)
		} else {
			all[name] = a
		}
	}
	b.s.mu.Lock()
	b.s.alarms = all
	b.s.mu.Unlock()
}
