package lake

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"weir/flowlog"
)

// takeOut prepares a change that takes the records of objects out of the lake.
// gone holds the objects' ids, and for each the object of the same change that
// inherits its records, or nil. Records of an object whose bytes lie at another
// place too, which is not to go, stay and are that one's from then on. Files that
// hold such records are written anew.
func (l *Lake) takeOut(ctx context.Context, gone map[int64]*ObjectWriter, c *change) ([]move, error) {
	var moves []move
	renamed := map[string]string{} // URL of a gone object -> its heir's, or ""
	files := map[hourKey]bool{}
	for id := range gone {
		m := move{object: id}
		var url, state string
		if err := l.state.QueryRowContext(ctx, "SELECT url, state FROM objects WHERE id = ?", id).Scan(&url, &state); err != nil {
			return nil, err
		}
		if ObjectState(state) == Taken {
			heir, heirURL, err := l.heir(ctx, id, gone)
			if err != nil {
				return nil, err
			}
			if o := gone[id]; heir == 0 && o != nil {
				heirURL = o.ref.URL
			}
			m.heir = heir
			renamed[url] = heirURL
			hours, err := l.objectHours(ctx, id)
			if err != nil {
				return nil, err
			}
			for _, key := range hours {
				files[key] = true
			}
		}
		moves = append(moves, m)
	}
	if len(files) == 0 {
		return moves, nil
	}
	snap, err := l.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	told, err := l.attributedFiles(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range kinds {
		for _, f := range snap.Files(k, Bounds{}) {
			if !files[hourKey{k, f.Hour.Unix()}] {
				continue
			}
			if err := l.rewrite(ctx, k, f, renamed, told, c); err != nil {
				return nil, err
			}
		}
	}
	return moves, nil
}

// heir returns an object with the same bytes that is not to go, or 0.
func (l *Lake) heir(ctx context.Context, id int64, gone map[int64]*ObjectWriter) (int64, string, error) {
	rows, err := l.state.QueryContext(ctx, "SELECT id, url FROM objects WHERE same_as = ? AND state = 'duplicate' ORDER BY id", id)
	if err != nil {
		return 0, "", err
	}
	defer rows.Close()
	for rows.Next() {
		var heir int64
		var url string
		if err := rows.Scan(&heir, &url); err != nil {
			return 0, "", err
		}
		if _, ok := gone[heir]; !ok {
			return heir, url, nil
		}
	}
	return 0, "", rows.Err()
}

// objectHours returns the hours that an object's records lie in.
func (l *Lake) objectHours(ctx context.Context, id int64) ([]hourKey, error) {
	rows, err := l.state.QueryContext(ctx, "SELECT tbl, hour FROM object_hours WHERE object = ?", id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []hourKey
	for rows.Next() {
		var tbl string
		var key hourKey
		if err := rows.Scan(&tbl, &key.hour); err != nil {
			return nil, err
		}
		key.kind = kindOf(tbl)
		out = append(out, key)
	}
	return out, rows.Err()
}

// kindOf returns the kind of a table's name.
func kindOf(tbl string) flowlog.Kind {
	if tbl == tableName(flowlog.KindTGW) {
		return flowlog.KindTGW
	}
	return flowlog.KindVPC
}

// rewrite puts into the change what is left of a file when the records of
// renamed objects go, or go to an heir. told is what is told of files.
func (l *Lake) rewrite(ctx context.Context, k flowlog.Kind, f DataFile, renamed map[string]string, told map[string]attributed, c *change) error {
	if slices.Contains(c.remove[k], f.Path) {
		return nil
	}
	batches, err := readFile(ctx, f.Path)
	if err != nil {
		return err
	}
	touched := false
	var pieces []piece
	for _, b := range batches {
		objects := b.Texts(flowlog.WeirObject)
		drop := map[uint32]bool{}
		for code := 1; objects != nil && code < len(objects.Dict); code++ {
			heir, ok := renamed[objects.Dict[code]]
			switch {
			case !ok:
			case heir == "":
				drop[uint32(code)] = true
				touched = true
			default:
				objects.Dict[code] = heir
				touched = true
			}
		}
		pieces = append(pieces, without(b, objects, drop))
	}
	if !touched {
		return nil
	}
	c.remove[k] = append(c.remove[k], f.Path)
	left := 0
	for _, p := range pieces {
		left += p.len()
	}
	if left == 0 {
		return nil
	}
	path, err := l.writeColumns(ctx, hourKey{k, f.Hour.Unix()}, merge(k, pieces))
	if err != nil {
		return err
	}
	c.add[k] = append(c.add[k], path)
	c.tell(path, told[l.paths.relative(f.Path)])
	return nil
}

// without returns the records of a batch but those whose object's code is to be
// dropped.
func without(b *flowlog.Batch, objects *flowlog.TextColumn, drop map[uint32]bool) piece {
	if len(drop) == 0 {
		return piece{batch: b}
	}
	rows := []uint32{}
	for i := range b.Len() {
		if !drop[objects.At(i)] {
			rows = append(rows, uint32(i))
		}
	}
	return piece{b, rows}
}

// readFile reads a data file.
func readFile(ctx context.Context, path string) ([]*flowlog.Batch, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read a data file: %w", err)
	}
	defer f.Close()
	d, err := flowlog.NewDecoder(f, flowlog.Options{Exact: true, BatchRecords: 1 << 20})
	if err != nil {
		return nil, fmt.Errorf("cannot read the data file %s: %w", path, err)
	}
	var out []*flowlog.Batch
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b, err := d.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read the data file %s: %w", path, err)
		}
		out = append(out, b)
	}
	if s := d.Stats(); s.Bad > 0 {
		return nil, fmt.Errorf("the data file %s is damaged: %w", path, s.BadLines[0])
	}
	return out, nil
}
