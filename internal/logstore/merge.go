package logstore

import "container/heap"

// chunk is a part of the events of a group, sorted: a file, a group of rows of a file, or a block. Nothing of
// it is read before its turn comes.
type chunk struct {
	first, last int64 // times
	// expand returns what it consists of, nil where it is one: then load does.
	expand func() ([]chunk, error)
	load   func() (*rows, error)
	// drop gives it up unread; may be nil.
	drop func()
}

// fileChunk returns a file as a chunk, without parts all of which were ingested before a time.
func fileChunk(f *File, ingested int64) chunk {
	return chunk{first: f.First, last: f.Last, expand: func() ([]chunk, error) {
		r, err := openFile(f.Path)
		if err != nil {
			return nil, err
		}
		var out []chunk
		for i := range r.left {
			c := chunk{first: f.First, last: f.Last, drop: r.done, load: func() (*rows, error) {
				defer r.done()
				return r.read(i)
			}}
			if first, last, ok := r.bounds(i, columnTS); ok {
				c.first, c.last = first, last
			}
			if _, last, ok := r.bounds(i, columnIngestion); ok && last < ingested {
				c.giveUp()
				continue
			}
			out = append(out, c)
		}
		return out, nil
	}}
}

// blockChunk returns a block of a stream as a chunk.
func blockChunk(b *block, stream string) chunk {
	return chunk{first: b.first, last: b.last, load: func() (*rows, error) { return blockRows(b, stream), nil }}
}

// merge goes through the events of chunks in the order of [Reader.Read], or backward. It holds those chunks
// whose times overlap.
type merge struct {
	backward bool
	from, to int64 // times of interest, both inclusive
	chunks   heapOfChunks
	open     heapOfRows
}

// cursor is a place in rows.
type cursor struct {
	*rows
	i int
}

type heapOfRows struct {
	backward bool
	all      []cursor
}

func (h *heapOfRows) Len() int { return len(h.all) }
func (h *heapOfRows) Less(i, j int) bool {
	a, b := h.all[i], h.all[j]
	if h.backward {
		a, b = b, a
	}
	return compareRows(a.rows, a.i, b.rows, b.i) < 0
}
func (h *heapOfRows) Swap(i, j int) { h.all[i], h.all[j] = h.all[j], h.all[i] }
func (h *heapOfRows) Push(x any)    { h.all = append(h.all, x.(cursor)) }
func (h *heapOfRows) Pop() any {
	last := h.all[len(h.all)-1]
	h.all = h.all[:len(h.all)-1]
	return last
}

// heapOfChunks has the one whose turn comes first on top.
type heapOfChunks struct {
	backward bool
	all      []chunk
}

func (h *heapOfChunks) Len() int { return len(h.all) }
func (h *heapOfChunks) Less(i, j int) bool {
	if h.backward {
		return h.all[i].last > h.all[j].last
	}
	return h.all[i].first < h.all[j].first
}
func (h *heapOfChunks) Swap(i, j int) { h.all[i], h.all[j] = h.all[j], h.all[i] }
func (h *heapOfChunks) Push(x any)    { h.all = append(h.all, x.(chunk)) }
func (h *heapOfChunks) Pop() any {
	last := h.all[len(h.all)-1]
	h.all = h.all[:len(h.all)-1]
	return last
}

// newMerge returns a merge of the events from one time to another, both inclusive. close must be called.
func newMerge(chunks []chunk, from, to int64, backward bool) *merge {
	m := &merge{backward: backward, from: from, to: to, chunks: heapOfChunks{backward: backward}, open: heapOfRows{backward: backward}}
	m.add(chunks)
	return m
}

// add adds chunks to those that wait.
func (m *merge) add(chunks []chunk) {
	for _, c := range chunks {
		if c.last < m.from || c.first > m.to {
			c.giveUp()
			continue
		}
		heap.Push(&m.chunks, c)
	}
}

// giveUp gives a chunk up unread.
func (c *chunk) giveUp() {
	if c.drop != nil {
		c.drop()
	}
}

// next returns the next event, as rows and a place in them; nil at the end.
func (m *merge) next() (*rows, int, error) {
	for len(m.chunks.all) > 0 && (len(m.open.all) == 0 || m.due(&m.chunks.all[0])) {
		c := heap.Pop(&m.chunks).(chunk)
		if c.expand != nil {
			parts, err := c.expand()
			if err != nil {
				return nil, 0, err
			}
			m.add(parts)
			continue
		}
		r, err := c.load()
		if err != nil {
			return nil, 0, err
		}
		if r.len() == 0 {
			continue
		}
		at := cursor{rows: r}
		if m.backward {
			at.i = r.len() - 1
		}
		heap.Push(&m.open, at)
	}
	if len(m.open.all) == 0 {
		return nil, 0, nil
	}
	top := &m.open.all[0]
	r, i := top.rows, top.i
	if m.backward {
		top.i--
	} else {
		top.i++
	}
	if top.i < 0 || top.i == r.len() {
		heap.Pop(&m.open)
	} else {
		heap.Fix(&m.open, 0)
	}
	return r, i, nil
}

// due reports whether a chunk may hold an event that comes before the one that is next.
func (m *merge) due(c *chunk) bool {
	top := &m.open.all[0]
	if m.backward {
		return c.last >= top.ts[top.i]
	}
	return c.first <= top.ts[top.i]
}

// close gives up what was not read.
func (m *merge) close() {
	for i := range m.chunks.all {
		m.chunks.all[i].giveUp()
	}
	m.chunks.all = nil
}
