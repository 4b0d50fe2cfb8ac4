package logstore

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/apache/arrow-go/v18/parquet"
)

// rows are events as columns, in the order of [Reader.Read], unless it is said otherwise.
type rows struct {
	ts, ingestion, ordinal []int64
	form                   []int32
	stream, message        []parquet.ByteArray
	bytes                  int64 // of messages
}

// Forms of messages; from 1 on it is the number of a LogFormat.
const (
	formText    int32 = 0
	formJSON    int32 = -1
	formUnknown int32 = -2 // to be found by fillForms; never in a file
)

// A group of rows of a file holds at most so many events, and bytes of messages: readers hold one of each
// file in memory.
const (
	groupEvents = 1 << 16
	groupBytes  = 8 << 20
)

func (r *rows) len() int { return len(r.ts) }

// full reports whether the rows are enough for a group of rows.
func (r *rows) full() bool { return r.len() >= groupEvents || r.bytes >= groupBytes }

func (r *rows) reset() {
	r.ts, r.ingestion, r.ordinal, r.form = r.ts[:0], r.ingestion[:0], r.ordinal[:0], r.form[:0]
	r.stream, r.message, r.bytes = r.stream[:0], r.message[:0], 0
}

// append appends an event, whose texts it keeps.
func (r *rows) append(ts, ingestion, ordinal int64, form int32, stream, message []byte) {
	r.ts, r.ingestion, r.ordinal, r.form = append(r.ts, ts), append(r.ingestion, ingestion), append(r.ordinal, ordinal), append(r.form, form)
	r.stream, r.message = append(r.stream, stream), append(r.message, message)
	r.bytes += int64(len(message))
}

// appendRow appends an event of other rows.
func (r *rows) appendRow(from *rows, i int) {
	r.append(from.ts[i], from.ingestion[i], from.ordinal[i], from.form[i], from.stream[i], from.message[i])
}

// compareRows orders events as [Reader.Read] does.
func compareRows(a *rows, i int, b *rows, j int) int {
	return cmp.Or(
		cmp.Compare(a.ts[i], b.ts[j]), cmp.Compare(a.ingestion[i], b.ingestion[j]), bytes.Compare(a.stream[i], b.stream[j]),
		bytes.Compare(a.message[i], b.message[j]), cmp.Compare(a.ordinal[i], b.ordinal[j]),
	)
}

// rowOf returns an event as rows.
func rowOf(e *Event) *rows {
	r := &rows{}
	r.append(e.Timestamp, e.Ingestion, int64(e.Ordinal), 0, []byte(e.Stream), []byte(e.Message))
	return r
}

// ref is an event of a block.
type ref struct {
	at        int64
	block     *block
	stream    []byte
	message   []byte
	duplicate int
	form      int32
}

// appendRefs appends the events of a block of a stream, with their forms for a LogFormat where they are known.
func appendRefs(to []ref, b *block, stream string, format int64) []ref {
	name, forms := []byte(stream), b.formsFor(format)
	form := formUnknown
	c := b.cursor()
	for i := 0; ; i++ {
		more, err := c.next()
		if !more || err != nil { // readBlock and makeBlock see to it that there is none
			return to
		}
		if forms != nil {
			form = forms[i]
		}
		to = append(to, ref{c.at, b, name, c.message, c.duplicate, form})
	}
}

// sortRefs sorts events as [Reader.Read] does.
func sortRefs(refs []ref) {
	slices.SortFunc(refs, func(a, b ref) int {
		if a.at != b.at {
			return cmp.Compare(a.at, b.at)
		}
		if a.block.ingestion != b.block.ingestion {
			return cmp.Compare(a.block.ingestion, b.block.ingestion)
		}
		return cmp.Or(
			bytes.Compare(a.stream, b.stream), bytes.Compare(a.message, b.message),
			cmp.Compare(a.block.seq, b.block.seq), cmp.Compare(a.duplicate, b.duplicate),
		)
	})
}

// blockRows returns the events of a block as rows, without their forms.
func blockRows(b *block, stream string) *rows {
	refs := appendRefs(make([]ref, 0, b.n), b, stream, 0)
	sortRefs(refs)
	r := &rows{}
	for i := range refs {
		e := &refs[i]
		r.append(e.at, b.ingestion, b.ordinal(e.duplicate), formUnknown, e.stream, e.message)
	}
	return r
}
