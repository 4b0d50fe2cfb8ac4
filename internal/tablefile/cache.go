package tablefile

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"weir/internal/durable"
)

// DefaultLimit is how many bytes the folder has, where nothing else is said.
const DefaultLimit = 20 << 30

// Cache is the files of a folder, which no other process writes. It is safe for concurrent use.
type Cache struct {
	dir   string
	limit int64

	mu    sync.Mutex
	files map[string]*entry
	size  int64
	busy  map[string]chan struct{} // names of files that are being made; closed when that has ended
}

// entry is a file that is there.
type entry struct {
	path string
	result
	size int64
	used time.Time
	// noted is the time of its last use that the file itself has, for the next process.
	noted time.Time
	in    int // queries that use it
	sum   uint32
	// checked says that the file is what was written: an earlier process may have ended with the machine.
	checked bool
}

// File is the file that an object's rows are in. Path may be that of the objects before it, too.
type File struct {
	Path string
	// Records are those of the file. Object is the object's place among those that share it; ObjectColumn of the file says of each row which object it is of.
	Records int64
	Object  int
	// Bytes is the object's size: what Athena says it has scanned.
	Bytes int64
}

// ObjectColumn is a column that each file has besides the table's: an integer, 0 where no objects share it.
const ObjectColumn = "$object"

// Set is the files of a query, one entry for each object. They stay until Release.
type Set struct {
	Files []File
	// Notes say what of the objects is read otherwise than was probably meant, each once.
	Notes []string

	cache *Cache
	names []string
}

// fileName is the form of a file's name: of what it was made, how many records it has, h and the place of the first object whose header became a row, b and the columns with fields of no value, and its checksum. Files
// are not forced to the disk, which would take longer than making them; the checksum shows which of them a crash has left half.
var fileName = regexp.MustCompile(`^([0-9a-f]{32})\.([0-9]+)(?:h([0-9]+))?(?:b([0-9a-f]+))?\.([0-9a-f]{8})\.parquet$`)

// sums is the table of the checksum.
var sums = crc32.MakeTable(crc32.Castagnoli)

// Open opens the folder, which is made where it is not there. Files that an interrupted conversion left are removed. limit is in bytes, 0 is
// DefaultLimit.
func Open(dir string, limit int64) (*Cache, error) {
	if err := durable.MakeDir(dir); err != nil {
		return nil, err
	}
	c := &Cache{dir: dir, limit: cmp.Or(limit, DefaultLimit), files: map[string]*entry{}, busy: map[string]chan struct{}{}}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		m := fileName.FindStringSubmatch(e.Name())
		if m == nil {
			if strings.HasPrefix(e.Name(), "making-") {
				if err := os.Remove(path); err != nil {
					return nil, err
				}
			}
			continue
		}
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		rows, err := strconv.ParseInt(m[2], 10, 64)
		if err != nil {
			return nil, err
		}
		sum, err := strconv.ParseUint(m[5], 16, 32)
		if err != nil {
			return nil, err
		}
		header := -1
		if m[3] != "" {
			if header, err = strconv.Atoi(m[3]); err != nil {
				return nil, err
			}
		}
		c.files[m[1]] = &entry{path: path, result: result{rows, header, m[4]}, size: info.Size(), used: info.ModTime(), noted: info.ModTime(), sum: uint32(sum)}
		c.size += info.Size()
	}
	return c, nil
}

// Files returns the files of objects of a storage, in their order, and makes those that are missing, several at a time. The caller calls Release. Errors of an
// object are *[athenasql.Error] with its URL; files that were made before it stay for the next query.
func (c *Cache) Files(ctx context.Context, storage Storage, l Layout, objects []Object) (*Set, error) {
	packed := packs(objects)
	set := &Set{Files: make([]File, len(objects)), cache: c, names: make([]string, len(packed))}
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0) + 2) // some wait for the storage
	headers, key := make([]bool, len(objects)), l.key()
	for i, p := range packed {
		if gctx.Err() != nil {
			break
		}
		n := name(key, p.objects)
		took := func(e *entry) {
			set.names[i] = n
			for k, o := range p.objects {
				set.Files[p.at+k], headers[p.at+k] = File{e.path, e.rows, k, o.Size}, e.header == k
			}
		}
		e := c.use(n)
		if e != nil && e.bad == "" {
			took(e)
			continue
		}
		group.Go(func() (err error) {
			if e == nil {
				if e, err = c.get(gctx, storage, n, &l, p.objects); err != nil {
					return err
				}
			}
			took(e)
			return misread(gctx, storage, &l, p.objects, e.bad)
		})
	}
	err := group.Wait()
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		set.Release()
		return nil, err
	}
	if i := slices.Index(headers, true); i >= 0 {
		set.Notes = append(set.Notes, fmt.Sprintf("the header of objects such as %s is read as a row: the table has no 'skip.header.line.count'='1'", objects[i].URL))
	}
	return set, nil
}

// Release says that the files are not used any more.
func (s *Set) Release() {
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	for i, n := range s.names {
		if e := s.cache.files[n]; n != "" && e != nil {
			e.in--
		}
		s.names[i] = ""
	}
	s.cache.shrink()
}

// touched is how old the note of a file's last use may be.
const touched = time.Hour

// use takes a file for a query, nil where there is none.
func (c *Cache) use(n string) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.take(n)
}

// take is use, with the lock held.
func (c *Cache) take(n string) *entry {
	e := c.files[n]
	if e == nil {
		return nil
	}
	if !e.isWhole() {
		delete(c.files, n)
		c.size -= e.size
		return nil
	}
	e.in++
	e.used = time.Now()
	if e.used.Sub(e.noted) > touched {
		e.noted = e.used
		// Only the next process reads it, to know what went unused longest.
		_ = os.Chtimes(e.path, e.used, e.used)
	}
	return e
}

// isWhole reports whether the file is there, and what was written. An operator may empty the folder while weir runs.
func (e *entry) isWhole() bool {
	if e.checked {
		_, err := os.Lstat(e.path)
		return err == nil
	}
	f, err := os.Open(e.path)
	if err != nil {
		return false
	}
	defer f.Close()
	sum := crc32.New(sums)
	if _, err := io.Copy(sum, f); err != nil || sum.Sum32() != e.sum {
		_ = os.Remove(e.path)
		return false
	}
	e.checked = true
	return true
}

// get takes a file for a query, and makes it where it is missing and nobody else does.
func (c *Cache) get(ctx context.Context, storage Storage, n string, l *Layout, objects []Object) (*entry, error) {
	for {
		c.mu.Lock()
		if e := c.take(n); e != nil {
			c.mu.Unlock()
			return e, nil
		}
		wait := c.busy[n]
		if wait == nil {
			c.busy[n] = make(chan struct{})
		}
		c.mu.Unlock()
		if wait == nil {
			return c.make(ctx, storage, n, l, objects)
		}
		select {
		case <-wait: // it is there, or its maker gave up
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// make makes a file and takes it.
func (c *Cache) make(ctx context.Context, storage Storage, n string, l *Layout, objects []Object) (e *entry, err error) {
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if err == nil {
			c.files[n] = e
			c.size += e.size
			c.shrink()
		}
		close(c.busy[n])
		delete(c.busy, n)
	}()
	f, err := os.CreateTemp(c.dir, "making-*")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	to := &summed{w: f}
	// The library writes each page and its header apart.
	pages := buffers.Get().(*bufio.Writer)
	pages.Reset(to)
	defer func() {
		pages.Reset(nil)
		buffers.Put(pages)
	}()
	res, err := convert(ctx, storage, l, objects, onlyWriter{pages})
	if err != nil {
		return nil, err
	}
	if err := pages.Flush(); err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	mark := ""
	if res.header >= 0 {
		mark = fmt.Sprintf("h%d", res.header)
	}
	if res.bad != "" {
		mark += "b" + res.bad
	}
	path := filepath.Join(c.dir, fmt.Sprintf("%s.%d%s.%08x.parquet", n, res.rows, mark, to.sum))
	if err := os.Rename(f.Name(), path); err != nil {
		return nil, err
	}
	return &entry{path: path, result: res, size: info.Size(), used: time.Now(), noted: time.Now(), in: 1, checked: true}, nil
}

// convert writes the file of objects.
func convert(ctx context.Context, storage Storage, l *Layout, objects []Object, to io.Writer) (result, error) {
	res := result{header: -1}
	contents, err := fetch(ctx, storage, objects)
	if err != nil {
		return res, err
	}
	w, err := newWriter(to, l)
	if err != nil {
		return res, errors.Join(err, contents[0].Close())
	}
	defer w.release()
	for i, in := range contents {
		w.object = i
		header, err := convertObject(ctx, l, objects[i], in, w)
		if err != nil {
			return res, err
		}
		if header && res.header < 0 {
			res.header = i
		}
	}
	err = w.close()
	res.rows, res.bad = w.rows, w.bad()
	return res, err
}

// convertObject writes the rows of an object and closes its content. header says that a line that names fields was taken as a row.
func convertObject(ctx context.Context, l *Layout, o Object, in Content, w *writer) (header bool, err error) {
	defer func() {
		// A content says at its end that the object is not the one that was listed.
		if cerr := in.Close(); err == nil {
			err = cerr
		}
	}()
	if l.Parquet {
		return false, convertParquet(ctx, l, o, in, w)
	}
	return convertText(ctx, l, o, in, w)
}

var buffers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, 256<<10) }}

// onlyWriter hides what a writer can do besides: the Parquet library closes and flushes what can be.
type onlyWriter struct{ io.Writer }

// summed sums what is written.
type summed struct {
	w   io.Writer
	sum uint32
}

// Write writes on.
func (s *summed) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.sum = crc32.Update(s.sum, sums, p[:n])
	return n, err
}

// shrink removes what was not used longest until the folder is within its limit, never a file in use. The lock is held.
func (c *Cache) shrink() {
	if c.size <= c.limit {
		return
	}
	idle := make([]string, 0, len(c.files))
	for n, e := range c.files {
		if e.in == 0 {
			idle = append(idle, n)
		}
	}
	slices.SortFunc(idle, func(a, b string) int { return c.files[a].used.Compare(c.files[b].used) })
	for _, n := range idle {
		if c.size <= c.limit {
			return
		}
		e := c.files[n]
		if err := os.Remove(e.path); err != nil && !os.IsNotExist(err) {
			continue // it counts on, and is tried again
		}
		c.size -= e.size
		delete(c.files, n)
	}
}

// Size returns how many bytes the files have.
func (c *Cache) Size() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.size
}
