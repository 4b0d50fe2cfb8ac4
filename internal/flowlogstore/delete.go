package flowlogstore

import (
	"context"
	"database/sql"
	"errors"
	"regexp"

	"weir/internal/sqlitedb"
)

// flowLogID is the form of ids. AWS's have 8 or 17 digits.
var flowLogID = regexp.MustCompile(`^fl-[0-9a-f]{1,17}$`)

// CheckIDs fails with an *Error where a text is no id of a flow log.
//
// Source of the text: an answer of EC2 to an id that was no text (cloud-custodian, issue 2944).
func CheckIDs(ids []string) error {
	for _, id := range ids {
		if !flowLogID.MatchString(id) {
			return refuse("InvalidParameterValue", "1 validation error detected: Value '%s' at 'flowLogId' has an invalid format", id)
		}
	}
	return nil
}

// Delete deletes flow logs, all of them or none: it fails with an *Error where one is not there. What they have delivered stays.
func (s *Store) Delete(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return missing("FlowLogId")
	}
	if err := CheckIDs(ids); err != nil {
		return err
	}
	return s.change(ctx, func(tx *sql.Tx) error {
		if err := exists(ctx, tx, ids); err != nil {
			return err
		}
		for _, id := range ids {
			if _, err := tx.ExecContext(ctx, "DELETE FROM flow_logs WHERE id = ?", id); err != nil {
				return err
			}
		}
		return nil
	})
}

// exists fails where a flow log is not there, with all that are not.
func exists(ctx context.Context, q sqlitedb.Queryer, ids []string) error {
	var gone []string
	for _, id := range ids {
		var n int
		err := q.QueryRowContext(ctx, "SELECT n FROM flow_logs WHERE id = ?", id).Scan(&n)
		if errors.Is(err, sql.ErrNoRows) {
			gone = append(gone, id)
		} else if err != nil {
			return err
		}
	}
	if len(gone) > 0 {
		return NotFound(gone)
	}
	return nil
}
