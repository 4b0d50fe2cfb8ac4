package tablefile

import (
	"bytes"
	"context"
	"errors"
	"hash/crc32"
	"io"

	"golang.org/x/sync/errgroup"
)

// Small objects share files: to open a file costs a query more than to read the hundred rows that are in it.
const (
	// smallObject is the size in bytes up to which an object shares a file.
	smallObject = 256 << 10
	// packEnd is how many objects a shared file has on average, and packMost the most that it has.
	packEnd, packMost = 16, 64
	// parallelOpens bounds the objects of one shared file that are fetched at a time.
	parallelOpens = 16
)

// pack is objects that share a file, and the place of the first among those that were asked for.
type pack struct {
	at      int
	objects []Object
}

// packs cuts objects into runs that share files. A run lies in one folder, and so in the same partitions, and its last object is told by its address alone: an object that is
// added later changes the run that it falls into, and no other. Objects behind the last end have files of their own, since more are to come there.
func packs(objects []Object) []pack {
	var out []pack
	begin := 0 // of the run
	single := func(to int) {
		for ; begin < to; begin++ {
			out = append(out, pack{begin, objects[begin : begin+1]})
		}
	}
	for i, o := range objects {
		if i > begin && !follows(objects[i-1], o) {
			single(i)
		}
		switch {
		case o.Size > smallObject:
			single(i + 1)
		case i+1-begin == packMost || crc32.Checksum([]byte(o.URL), sums)%packEnd == 0:
			out = append(out, pack{begin, objects[begin : i+1]})
			begin = i + 1
		}
	}
	single(len(objects))
	return out
}

// follows reports whether an object may stand behind another in a file. One that does not come later in the order of addresses is of another partition.
func follows(before, o Object) bool {
	return before.URL < o.URL && parent(before.URL) == parent(o.URL)
}

// whole is the bytes of an object in memory.
type whole struct{ *bytes.Reader }

// Close does nothing.
func (whole) Close() error { return nil }

// fetch returns the objects of a file, small ones that share it in memory: they are fetched several at a time.
func fetch(ctx context.Context, storage Storage, objects []Object) ([]Content, error) {
	out := make([]Content, len(objects))
	if len(objects) == 1 {
		var err error
		out[0], err = storage.Open(ctx, objects[0])
		return out, err
	}
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelOpens)
	for i, o := range objects {
		group.Go(func() error {
			in, err := storage.Open(gctx, o)
			if err != nil {
				return err
			}
			body, err := io.ReadAll(in)
			// A content says at its end that the object is not the one that was listed.
			if err := errors.Join(in.Close(), err); err != nil {
				return err
			}
			out[i] = whole{bytes.NewReader(body)}
			return nil
		})
	}
	return out, group.Wait()
}
