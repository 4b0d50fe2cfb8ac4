package flowlog

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// maxLine is the longest line in bytes. A record of all fields with the longest
// ids stays under 4 KiB; a line of JSON may hold a whole document.
const maxLine = 64 << 20

var errLongLine = errors.New("longer than a record can be")

// lineReader cuts an object into lines.
type lineReader struct {
	in   *bufio.Reader // nil: the object lies in memory
	text []byte        // what is left of it there
	n    int           // lines so far
	held []byte
}

// next returns the next line without its line feed; it is valid until the next
// call. ended is false where the stream ended, or failed, before the line feed.
// The error is io.EOF after the last line, errLongLine where the line is too
// long and was skipped, or the reader's error, which may come together with the
// bytes before it.
func (l *lineReader) next() (line []byte, ended bool, err error) {
	if l.in == nil {
		return l.nextInMemory()
	}
	line, err = l.in.ReadSlice('\n')
	if err == nil {
		l.n++
		return line[:len(line)-1], true, nil
	}
	if err != bufio.ErrBufferFull {
		if len(line) > 0 {
			l.n++
			if err == io.EOF {
				err = nil
			}
		}
		return line, false, err
	}
	l.n++
	l.held = append(l.held[:0], line...)
	for err == bufio.ErrBufferFull {
		line, err = l.in.ReadSlice('\n')
		if len(l.held)+len(line) > maxLine {
			for err == bufio.ErrBufferFull {
				_, err = l.in.ReadSlice('\n')
			}
			if err == nil || err == io.EOF {
				err = errLongLine
			}
			return l.held[:200], true, err
		}
		l.held = append(l.held, line...)
	}
	if err == nil {
		return l.held[:len(l.held)-1], true, nil
	}
	if err == io.EOF {
		err = nil
	}
	return l.held, false, err
}

// nextInMemory is next for an object in memory.
func (l *lineReader) nextInMemory() (line []byte, ended bool, err error) {
	if len(l.text) == 0 {
		return nil, false, io.EOF
	}
	l.n++
	at := bytes.IndexByte(l.text, '\n')
	if ended = at >= 0; ended {
		line, l.text = l.text[:at], l.text[at+1:]
	} else {
		line, l.text = l.text, nil
	}
	if len(line) > maxLine {
		return line[:200], true, errLongLine
	}
	return line, ended, nil
}

// skip passes over lines of an object in memory.
func (l *lineReader) skip(bytes, lines int) { l.text, l.n = l.text[bytes:], l.n+lines }
