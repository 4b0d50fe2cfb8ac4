package logstore

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"

	"github.com/apache/arrow-go/v18/parquet"

	"weir/flowlog"
)

// fillForms finds the forms of the rows' messages that are not known: flow log records of a format, which has a number, where
// that is not 0; JSON objects; else text.
func (r *rows) fillForms(number int64, f flowlog.Format) {
	var places []int
	for i, m := range r.message {
		if r.form[i] != formUnknown {
			continue
		}
		r.form[i] = formText
		if t := bytes.TrimLeft(m, " \t\r\n"); len(t) > 0 && t[0] == '{' && json.Valid(m) {
			r.form[i] = formJSON
		} else if number != 0 && mayBeRecord(m) {
			places = append(places, i)
		}
	}
	markRecords(r.message, places, f, func(i int) { r.form[i] = int32(number) })
}

// mayBeRecord reports whether a message can be a line of a text object, and a record in it: not what the
// decoder passes over, or takes as a header.
func mayBeRecord(m []byte) bool {
	switch {
	case bytes.IndexByte(m, '\n') >= 0 || len(m) == 0:
		return false
	case m[0] >= '0' && m[0] <= '9':
		return true
	}
	for word := range bytes.FieldsSeq(m) {
		if c := word[0] | 0x20; c < 'a' || c > 'z' {
			return true
		}
	}
	return false // names only
}

// markRecords calls mark for those messages at places that package flowlog parses as records of a format and
// prints as the same bytes.
func markRecords(messages []parquet.ByteArray, places []int, f flowlog.Format, mark func(place int)) {
	if len(places) == 0 {
		return
	}
	if matched, ok := match(messages, places, f); ok {
		for _, place := range matched {
			mark(place)
		}
		return
	}
	// A line that the decoder counts otherwise is among them: found by halves, it alone stays text.
	if len(places) > 1 {
		half := len(places) / 2
		markRecords(messages, places[:half], f, mark)
		markRecords(messages, places[half:], f, mark)
	}
}

// match returns the places whose messages are records. ok is false where the decoder's account is not of one
// record or bad line for each message.
func match(messages []parquet.ByteArray, places []int, f flowlog.Format) (matched []int, ok bool) {
	text := append([]byte(f.Header()), '\n')
	for _, i := range places {
		text = append(append(text, messages[i]...), '\n')
	}
	d, err := flowlog.NewDecoder(bytes.NewReader(text), flowlog.Options{Format: &f, MaxBad: len(places) + 1})
	if err != nil {
		return nil, false
	}
	var printed []byte // each record's text and a line end
	records := 0
	for {
		b, err := d.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, false
		}
		for rec := range b.Records() {
			printed = append(flowlog.AppendText(printed, rec, f), '\n')
			records++
		}
		b.Release()
	}
	st := d.Stats()
	if len(st.Formats) > 1 || int64(records) != st.Records || len(st.BadLines) != int(st.Bad) || records+len(st.BadLines) != len(places) {
		return nil, false
	}
	bad := make(map[int]bool, len(st.BadLines))
	for _, e := range st.BadLines {
		bad[e.Line] = true
	}
	for n, i := range places {
		if bad[n+2] { // lines count from 1, and the header is the first
			continue
		}
		end := bytes.IndexByte(printed, '\n')
		if end < 0 {
			return nil, false
		}
		if bytes.Equal(printed[:end], messages[i]) {
			matched = append(matched, i)
		}
		printed = printed[end+1:]
	}
	return matched, true
}

// findForms returns the forms of the events of each block for a LogFormat. Those that are not known yet are found,
// of many blocks at a time, and noted.
func findForms(blocks []streamBlock, number int64, f flowlog.Format) [][]int32 {
	out := make([][]int32, len(blocks))
	r := &rows{}
	var waiting []int
	find := func() {
		r.fillForms(number, f)
		at := 0
		for _, i := range waiting {
			b := blocks[i]
			out[i] = slices.Clone(r.form[at : at+b.n])
			b.forms.Store(&blockForms{number, out[i]})
			at += b.n
		}
		r.reset()
		waiting = waiting[:0]
	}
	for i, b := range blocks {
		if out[i] = b.formsFor(number); out[i] != nil {
			continue
		}
		c := b.cursor()
		for {
			more, err := c.next()
			if !more || err != nil {
				break
			}
			r.append(c.at, 0, 0, formUnknown, nil, c.message)
		}
		if waiting = append(waiting, i); r.full() {
			find()
		}
	}
	find()
	return out
}
