package app

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"time"

	"weir/internal/athenasql"
)

// maxMadeBytes bounds what lies below DATA/tables in all: whoever may run statements could fill the disk. maxMadePartitions bounds the partitions of
// one table that is made. Athena's bound is 100, and INSERT adds more, which there is not here.
const (
	maxMadeBytes      = 32 << 30
	maxMadePartitions = 1000
)

// madeRoom returns how many bytes may come below DATA/tables.
func (s *Local) madeRoom() (int64, error) {
	size, _, err := folderSize(madeTables(s.lake.Data()))
	if err == nil && size >= maxMadeBytes {
		err = noRoom()
	}
	return maxMadeBytes - size, err
}

func noRoom() error {
	return athenasql.Errorf(athenasql.CodeExceededLimit, athenasql.Span{}, "tables that are made may take %d GiB in all", maxMadeBytes>>30).
		WithHint("files of dropped tables stay: remove their folders below DATA/tables")
}

// errTooManyPartitions has Trino's code.
func errTooManyPartitions(most int) error {
	return athenasql.Errorf("HIVE_TOO_MANY_OPEN_PARTITIONS", athenasql.Span{}, "Exceeded limit of %d open writers for partitions/buckets", most).
		WithHint("partition by fewer values")
}

// boundFolder returns a context that ends when a folder that is being written has more than so many bytes or, unless partitions is 0, folders without
// folders in them. ended must be called with the error of the writing, and returns the reason where there is one. The engine does not tell what
// it writes, so the folder is looked at while it does.
func boundFolder(ctx context.Context, folder string, bytes int64, partitions int) (bounded context.Context, ended func(error) error) {
	bounded, cancel := context.WithCancelCause(ctx)
	check := func() error {
		size, found, err := folderSize(folder)
		switch {
		case err != nil:
			return err
		case size > bytes:
			return noRoom()
		case partitions > 0 && found > partitions:
			return errTooManyPartitions(partitions)
		}
		return nil
	}
	over := make(chan error, 1)
	go func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-bounded.Done():
				over <- nil
				return
			case <-tick.C:
			}
			if err := check(); err != nil {
				cancel(err)
				over <- err
				return
			}
		}
	}()
	return bounded, func(err error) error {
		cancel(nil)
		if reason := <-over; reason != nil {
			return reason
		}
		if err != nil {
			return err
		}
		return check()
	}
}

// folderSize returns the bytes of the files below a folder, and how many folders there are without folders in them, the folder itself left out.
// What goes away meanwhile does not count, and a folder that is not there is empty.
func folderSize(folder string) (size int64, partitions int, err error) {
	leaves := map[string]bool{}
	err = filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		var info fs.FileInfo
		if err == nil {
			info, err = e.Info()
		}
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case info.Mode().IsRegular():
			size += info.Size()
		case info.IsDir() && path != folder:
			leaves[path] = true
			delete(leaves, filepath.Dir(path))
		}
		return nil
	})
	return size, len(leaves), err
}
