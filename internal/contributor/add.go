package contributor

import "context"

// millisecondsPerMinute is of event times.
const millisecondsPerMinute = 60_000

// Add counts events, and notes the position up to which the reader has read with them: all of them or, where it fails, none. They are
// durable, together, after the next Commit. Where memory is full of what is not committed, Add commits first; then its errors are those of
// Commit. A position stays the caller's.
func (s *Store) Add(ctx context.Context, reader string, position []byte, batches []Batch) error {
	s.mu.Lock()
	full := s.pending >= s.maxPending
	s.mu.Unlock()
	if full {
		if err := s.Commit(ctx); err != nil {
			return err
		}
	}
	owners, err := s.tellOwners(ctx)
	if err != nil {
		return err
	}
	names, err := s.tellNames(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range batches {
		s.count(&batches[i], owners, names)
	}
	s.positions[reader] = append([]byte{}, position...) // not nil: that is none
	return nil
}

// count evaluates the rules of a group on its events.
func (s *Store) count(b *Batch, owners Owners, names Names) {
	of := groupFormat{b.Group, b.Format}
	p := s.programs[of]
	if p == nil {
		p = compile(b.Group, b.Format, s.sorted())
		s.programs[of] = p
	}
	p.owners = owners
	p.setNames(names)
	if len(p.rules) == 0 {
		return
	}
	at := shardTime{backfilled: b.Backfilled}
	var shards []*shard // of this minute, by rule; nil: none is there yet
	for i := range b.Events {
		e := &b.Events[i]
		if minute := floorDiv(e.Timestamp, millisecondsPerMinute); i == 0 || minute != at.minute {
			at.minute = minute
			shards = p.shards[at]
		}
		p.load(e.Message, e.Timestamp)
		for j := range p.rules {
			c := &p.rules[j]
			if c.blind || !c.kept.sees(e.Ingestion) || !p.matches(c, e.Message) {
				continue
			}
			if shards == nil {
				shards = make([]*shard, len(p.rules))
				p.shards[at] = shards
			}
			if shards[j] == nil {
				shards[j] = s.shard(c.kept, at)
			}
			s.pending += p.contribute(c, shards[j], e.Message)
		}
	}
}

// contribute adds the event that is looked at, and returns how many contributors are new.
func (p *program) contribute(c *compiled, sh *shard, message string) int {
	v := 1.0
	if c.value >= 0 {
		var ok bool
		f := p.at(c.value, message)
		if f.present {
			v, ok = f.number()
		}
		switch {
		case !ok:
			sh.totals.skipped.NoNumber++
			return 0
		case !c.large && isLarge(v):
			sh.totals.skipped.Large++
			sh.totals.skipped.LargeSum += v
			return 0
		}
	}
	text, buf := p.keyOf(c)
	if sh.add(text, buf, v) {
		return 1
	}
	return 0
}

// shard returns a rule's shard of a minute.
func (s *Store) shard(k *keptRule, at shardTime) *shard {
	sh := k.shards[at]
	if sh == nil {
		sh = newShard()
		k.shards[at] = sh
		s.pending += sh.weight()
	}
	return sh
}
