package lake

import (
	"context"
	"crypto/sha256"
	"fmt"

	"weir/flowlog"
)

// settled is what becomes of finished objects, as the ledger is when they are
// committed: what they were started with may be long ago.
type settled struct {
	objects []*ObjectWriter // in the order in which the ledger gets them
	// gone are the ids of objects that are replaced; the values are the copies of
	// them in objects that inherit their records, or nil.
	gone    map[int64]*ObjectWriter
	later   []*ObjectWriter // copies of objects that the import still has in hand
	orphans []*ObjectWriter // copies of what is nowhere any more
}

// settle settles finished objects of an import. The caller holds l.write until
// they are committed.
func (l *Lake) settle(ctx context.Context, im *Import, objects []*ObjectWriter) (*settled, error) {
	s := &settled{gone: map[int64]*ObjectWriter{}}
	originals := map[[sha256.Size]byte]*ObjectWriter{}
	var copies []*ObjectWriter
	for _, o := range objects {
		stands, err := l.settlePlace(ctx, o, s)
		switch {
		case err != nil:
			return nil, err
		case stands:
		case o.copies:
			copies = append(copies, o)
		default:
			s.objects = append(s.objects, o)
			originals[o.sum] = o
		}
	}
	for _, o := range copies {
		if err := l.settleCopy(ctx, im, o, originals[o.sum], s); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// settlePlace looks at what the ledger has of an object's place. stands says that
// it stays as it is: nothing that is no flow log, or can't be read, takes the
// place of records.
func (l *Lake) settlePlace(ctx context.Context, o *ObjectWriter, s *settled) (stands bool, err error) {
	o.replaces = 0
	if !o.prior {
		return false, nil // nobody else could take a place that was in hand
	}
	row, err := l.findObject(ctx, o.ref.URL)
	if err != nil || !row.holds() {
		return false, err
	}
	switch o.result.State {
	case Failed:
		return true, nil
	case Foreign:
		return true, l.noteOther(ctx, row.id, o.ref)
	}
	o.replaces = row.id
	s.gone[row.id] = nil
	return false, nil
}

// settleCopy finds the object that answers for a copy's records. original is the
// one with the same bytes that is committed together with it, or nil.
func (l *Lake) settleCopy(ctx context.Context, im *Import, o, original *ObjectWriter, s *settled) error {
	o.owner, o.original, o.inherits = 0, nil, 0
	switch {
	case original == nil:
	case original.result.State == Taken:
		o.original = original
		s.objects = append(s.objects, o)
		return nil
	case o.replaces == 0:
		// Without records each stands for itself.
		o.copies, o.result = false, original.result
		s.objects = append(s.objects, o)
		return nil
	}
	owner, err := l.findContent(ctx, o.sum[:])
	if err != nil {
		return fmt.Errorf("cannot read the ledger: %w", err)
	}
	if owner == 0 {
		if original == nil && l.flights.holder(o.sum) == im {
			s.later = append(s.later, o)
		} else {
			s.orphans = append(s.orphans, o)
		}
		return nil
	}
	heir, isGone := s.gone[owner]
	switch {
	case !isGone:
		o.owner = owner
	case heir != nil:
		o.original = heir
	default:
		if o.owner, _, err = l.heir(ctx, owner, s.gone); err != nil {
			return err
		}
		if o.owner == 0 {
			o.inherits, s.gone[owner] = owner, o
		}
	}
	s.objects = append(s.objects, o)
	return nil
}

// take writes the records of finished objects and commits them with their ledger
// entries. It returns what became of the objects.
func (l *Lake) take(ctx context.Context, im *Import, objects []*ObjectWriter) (*settled, error) {
	l.write.Lock()
	defer l.write.Unlock()
	if err := l.recover(ctx); err != nil {
		return nil, err
	}
	s, err := l.settle(ctx, im, objects)
	if err != nil || len(s.objects) == 0 {
		return s, err
	}
	defer func() { // with l.write held: the next change may look for neighbours among them
		for _, o := range s.objects {
			o.release()
		}
	}()
	if err := im.note(ctx); err != nil {
		return s, err
	}
	byHour := map[hourKey][]piece{}
	c := change{op: "import", add: map[flowlog.Kind][]string{}, remove: map[flowlog.Kind][]string{}, added: map[flowlog.Kind]int64{}, paired: map[int64]pairedHour{}}
	for _, o := range s.objects {
		for key, pieces := range o.pieces {
			byHour[key] = append(byHour[key], pieces...)
		}
		for key, sum := range o.hours {
			c.added[key.kind] += sum.records
		}
		for k, paths := range o.spilled {
			c.add[k] = append(c.add[k], paths...)
			for _, path := range paths {
				c.tell(path, o.told[path])
			}
			defer l.setUncommitted(paths, false)
		}
	}
	around, err := l.around(ctx, im, byHour, &c)
	if err != nil {
		return s, err
	}
	if err := l.writeHours(ctx, byHour, around, &c); err != nil {
		c.discard()
		return s, fmt.Errorf("cannot write the lake: %w", err)
	}
	moves, err := l.takeOut(ctx, s.gone, &c)
	if err != nil {
		c.discard()
		return s, fmt.Errorf("cannot take out the records that are replaced: %w", err)
	}
	c.ledger = (&ledgerEntries{importID: im.id, objects: s.objects, moves: moves, at: l.now()}).write
	return s, l.commit(ctx, c)
}
