package lake

import (
	"context"
	"fmt"
	"time"
)

// Came is what came to a source as it was followed, or of a log group of the store.
type Came struct {
	// Followed is [ImportOptions.Followed]: "" for events of the store.
	Followed string
	// Source is where the objects lie: see [ObjectRef].
	Source string
	// FlowLogID is the flow log's that delivered them; "" where their keys tell none.
	FlowLogID string
	// Last is when the last of them was taken.
	Last time.Time
}

// Came returns what came behind the object with an ID, by source and flow log, and the ID of the last object that the ledger knows by now. Objects
// without records and copies count; what is [Backfilled] does not, nor what can't be read or is no flow log, which is tried again and again.
func (l *Lake) Came(ctx context.Context, after int64) (came []Came, last int64, err error) {
	// Objects of a batch that is under way become known with it, those without records before: all behind the first of them wait.
	err = l.state.QueryRowContext(ctx, `SELECT coalesce(max(id), ?1) FROM objects WHERE id > ?1
		AND id < (SELECT coalesce(min(id), ?2) FROM objects WHERE id > ?1 AND state = 'pending')`, after, int64(1)<<62).Scan(&last)
	if err != nil {
		return nil, after, fmt.Errorf("cannot read the ledger: %w", err)
	}
	rows, err := l.state.QueryContext(ctx, `SELECT i.followed, o.source, o.flow_log_id, max(o.at) FROM objects o JOIN imports i ON i.id = o.import
		WHERE o.id > ? AND o.id <= ? AND o.state IN ('taken', 'duplicate', 'empty') AND (i.followed <> '' OR o.arrival = ?) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`, after, last, Live)
	if err != nil {
		return nil, after, fmt.Errorf("cannot read the ledger: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var c Came
		var at int64
		if err := rows.Scan(&c.Followed, &c.Source, &c.FlowLogID, &at); err != nil {
			return nil, after, err
		}
		c.Last = time.Unix(at, 0).UTC()
		came = append(came, c)
	}
	return came, last, rows.Err()
}
