package lake

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"weir/flowlog"
)

// ErrNothingTaken says that a source is not in the ledger.
var ErrNothingTaken = errors.New("nothing was taken from there")

// Forgotten says what Forget took back.
type Forgotten struct {
	Objects int64 `json:"objects"`
	Records int64 `json:"records"`
	// Kept counts records that stay, since their bytes lie at another place too.
	Kept int64 `json:"kept_records"`
}

// Forget takes back all that came from a source (an object's URL or path, or all
// objects below it), in one commit. The ledger forgets the objects too, so that
// another import takes them anew.
func (l *Lake) Forget(ctx context.Context, source string) (Forgotten, error) {
	var out Forgotten
	if err := l.writable(); err != nil {
		return out, err
	}
	l.write.Lock()
	defer l.write.Unlock()
	if err := l.recover(ctx); err != nil {
		return out, err
	}
	ids := map[int64]*ObjectWriter{}
	below := strings.TrimSuffix(source, "/") + "/"
	rows, err := l.state.QueryContext(ctx,
		"SELECT id, "+recordsOf+", state FROM objects o WHERE (url = ? OR substr(url, 1, ?) = ?)", source, len([]rune(below)), below)
	if err != nil {
		return out, err
	}
	defer rows.Close()
	taken := map[int64]int64{}
	for rows.Next() {
		var id, records int64
		var state ObjectState
		if err := rows.Scan(&id, &records, &state); err != nil {
			return out, err
		}
		ids[id] = nil
		out.Objects++
		if state == Taken {
			taken[id] = records
		}
	}
	if err := rows.Err(); err != nil {
		return out, err
	}
	if len(ids) == 0 {
		return out, fmt.Errorf("%w: %s", ErrNothingTaken, source)
	}
	c := change{op: "forget", add: map[flowlog.Kind][]string{}, remove: map[flowlog.Kind][]string{}}
	moves, err := l.takeOut(ctx, ids, &c)
	if err != nil {
		c.discard()
		return out, err
	}
	for _, m := range moves {
		if m.heir != 0 {
			out.Kept += taken[m.object]
		} else {
			out.Records += taken[m.object]
		}
	}
	c.ledger = (&ledgerEntries{moves: moves, at: l.now()}).write
	return out, l.commit(ctx, c)
}
