package spool

import (
	"context"
	"database/sql"
	"fmt"

	"weir/internal/sqlitedb"
)

const (
	// keptFree is how much of the file stays free, in bytes: room for what comes next. It becomes smaller once twice as much is free.
	keptFree = 8 << 20
	// mostShrink bounds what one removal gives back to the file system, in bytes: pages have to be moved for it.
	mostShrink = 64 << 20
)

// canShrink has the database know which pages may be moved, so that its file can become smaller. It is rebuilt for that once; a new one has nothing to rebuild.
func (s *Spool) canShrink(ctx context.Context) error {
	c, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	var is int
	if err := c.QueryRowContext(ctx, "PRAGMA auto_vacuum").Scan(&is); err != nil || is == incremental {
		return err
	}
	if _, err := c.ExecContext(ctx, fmt.Sprintf("PRAGMA auto_vacuum = %d", incremental)); err != nil {
		return err
	}
	// It takes as much room again. Where that is not there, all works but that the file stays as large as it is, until an agent that begins later has the room.
	_, _ = c.ExecContext(ctx, "VACUUM")
	return nil
}

// incremental is what SQLite calls a database that becomes smaller when it is told to.
const incremental = 2

// pages returns how many bytes of the file have something, and how many are free.
func pages(ctx context.Context, q sqlitedb.Queryer) (used, free int64, err error) {
	var all, size int64
	err = q.QueryRowContext(ctx, "SELECT page_count, freelist_count, page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size").Scan(&all, &free, &size)
	return (all - free) * size, free * size, err
}

// shrink takes pages that are free, so many bytes, from the end of the file, and reports whether it did. The file system has them once the change is in the file itself.
func shrink(ctx context.Context, tx *sql.Tx, free int64) (bool, error) {
	if free <= 2*keptFree {
		return false, nil
	}
	var size int64
	if err := tx.QueryRowContext(ctx, "PRAGMA page_size").Scan(&size); err != nil {
		return false, err
	}
	pages := min(free-keptFree, mostShrink) / size
	return true, sqlitedb.EachRow(ctx, tx, fmt.Sprintf("PRAGMA incremental_vacuum(%d)", pages), func(*sql.Rows) error { return nil }) // a row for each page
}
