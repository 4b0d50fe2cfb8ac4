package versions

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"weir/internal/netmodel"
)

// interfacesForm is the number of the code that makes ENIs of documents, and of how they are
// written. Raise it where either changes: what was kept is made anew then. TestInterfacesForm
// tells.
const interfacesForm = 3

// What a version says of ENIs is kept beside its documents, since to read these takes 60 ms
// for each MB. It is told by the sum of all that it is made of, so that it can't be stale; what
// is damaged, or of another form, is made anew.

// keptInterfaces is what is kept of versions.
type keptInterfaces struct {
	rows    map[int64]keptRow
	lacking []keptRow // that were not there, or not fit

	last     []byte // that was unpacked last, and what it held: versions often hold the same ENIs
	lastHeld map[string]*netmodel.Interface
}

// keptRow is a row of version_interfaces.
type keptRow struct {
	version int64
	form    int64
	of      []byte
	packed  []byte
}

// readKept returns what is kept of all versions.
func readKept(ctx context.Context, q querier) (*keptInterfaces, error) {
	k := &keptInterfaces{rows: map[int64]keptRow{}}
	if form, err := formOf(ctx, q); err != nil || form < 3 { // nobody wrote since it is kept
		return k, err
	}
	rows, err := q.QueryContext(ctx, "SELECT version, form, sha256, interfaces FROM version_interfaces")
	if err != nil {
		return nil, fmt.Errorf("cannot read what is kept of interfaces: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r keptRow
		if err := rows.Scan(&r.version, &r.form, &r.of, &r.packed); err != nil {
			return nil, fmt.Errorf("cannot read what is kept of interfaces: %w", err)
		}
		k.rows[r.version] = r
	}
	return k, rows.Err()
}

// heldOf returns the ENIs of a version that is in versions: what is kept of it, else what its
// documents say, of which it notes that it is not kept.
func (k *keptInterfaces) heldOf(ctx context.Context, q querier, v Version) (map[string]*netmodel.Interface, error) {
	of, err := sumOf(ctx, q, v)
	if err != nil {
		return nil, err
	}
	row := k.rows[v.ID]
	if row.form == interfacesForm && bytes.Equal(row.of, of) {
		if held, ok := k.unpack(row.packed); ok {
			return held, nil
		}
	}
	n, err := load(ctx, q, v)
	if err != nil {
		return nil, err
	}
	if packed, err := packInterfaces(n.Interfaces); err == nil {
		k.lacking = append(k.lacking, keptRow{v.ID, interfacesForm, of, packed})
	}
	return n.Interfaces, nil
}

// unpack returns ENIs by id; false: they are damaged. The caller does not change them.
func (k *keptInterfaces) unpack(packed []byte) (map[string]*netmodel.Interface, bool) {
	if k.lastHeld != nil && bytes.Equal(packed, k.last) {
		return k.lastHeld, true
	}
	text, err := unpack(packed)
	if err != nil {
		return nil, false
	}
	var held map[string]*netmodel.Interface
	if err := json.Unmarshal(text, &held); err != nil || held == nil {
		return nil, false
	}
	for id, i := range held {
		if i == nil || i.ID != id {
			return nil, false
		}
	}
	k.last, k.lastHeld = packed, held
	return held, true
}

// packInterfaces returns ENIs as they are kept: the same bytes for the same ENIs.
func packInterfaces(held map[string]*netmodel.Interface) ([]byte, error) {
	if held == nil {
		held = map[string]*netmodel.Interface{}
	}
	text, err := json.Marshal(held)
	if err != nil {
		return nil, err
	}
	return pack(text)
}

// sumOf returns the sum of what a version's ENIs are made of.
func sumOf(ctx context.Context, q querier, v Version) ([]byte, error) {
	rows, err := q.QueryContext(ctx, "SELECT name, sha256 FROM version_documents WHERE version = ? ORDER BY n", v.ID)
	if err != nil {
		return nil, fmt.Errorf("cannot read version %d: %w", v.ID, err)
	}
	defer rows.Close()
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q", v.Account, v.Region)
	for rows.Next() {
		var name string
		var of []byte
		if err := rows.Scan(&name, &of); err != nil {
			return nil, fmt.Errorf("cannot read version %d: %w", v.ID, err)
		}
		fmt.Fprintf(sum, " %q %x", name, of)
	}
	return sum.Sum(nil), rows.Err()
}

// keepInterfaces keeps the ENIs of a version that was just made.
func keepInterfaces(ctx context.Context, tx *sql.Tx, v Version, held map[string]*netmodel.Interface) error {
	of, err := sumOf(ctx, tx, v)
	if err != nil {
		return err
	}
	packed, err := packInterfaces(held)
	if err != nil {
		return err
	}
	return putKept(ctx, tx, keptRow{v.ID, interfacesForm, of, packed})
}

func putKept(ctx context.Context, tx *sql.Tx, r keptRow) error {
	// The version may be gone since it was read.
	_, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO version_interfaces SELECT id, ?2, ?3, ?4 FROM versions WHERE id = ?1", r.version, r.form, r.of, r.packed)
	if err != nil {
		return fmt.Errorf("cannot keep the interfaces of version %d: %w", r.version, err)
	}
	return nil
}

// keep keeps what was lacking for who asks next. That it can't, as where somebody else writes or
// the disk is read-only, is no failure: it only takes its time again.
func (s *Store) keep(ctx context.Context, list []keptRow) {
	if len(list) == 0 {
		return
	}
	w, err := createIn(ctx, s.dir, 0)
	if err != nil {
		return
	}
	defer w.Close()
	_ = w.change(ctx, func(tx *sql.Tx) error {
		for _, r := range list {
			if err := putKept(ctx, tx, r); err != nil {
				return err
			}
		}
		return nil
	})
}

// writing are the options of a connection that writes, which waits so many milliseconds for
// others that do.
func writing(wait int) string {
	return strings.Join([]string{
		"_txlock=immediate", fmt.Sprintf("_pragma=busy_timeout(%d)", wait), "_pragma=journal_mode(WAL)", "_pragma=synchronous(FULL)", "_pragma=foreign_keys(ON)",
	}, "&")
}
