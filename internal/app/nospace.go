package app

import (
	"errors"
	"syscall"

	"weir/internal/source"
)

// sqliteFull is SQLite's code for a database that cannot grow (SQLITE_FULL).
const sqliteFull = 13

// explain adds what to do to an error that came from a full disk; others it
// returns as they are.
func explain(err error) error {
	var fault *source.Fault
	if err == nil || errors.As(err, &fault) || !isNoSpace(err) {
		return err
	}
	return &source.Fault{
		Op: "write", URL: "the lake", Code: source.NoSpace, Err: err,
		Hint: "make room and run the same command again: what was taken stays, and it goes on from there",
	}
}

// isNoSpace reports whether an error says that the disk, or what of it one may
// use, is full.
func isNoSpace(err error) bool {
	for _, e := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if errors.Is(err, e) {
			return true
		}
	}
	var sqlite interface{ Code() int }
	return errors.As(err, &sqlite) && sqlite.Code()&0xff == sqliteFull
}
