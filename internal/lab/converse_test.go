package lab

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
)

// said is a server that says what it says, whatever it is asked.
type said struct {
	io.Reader
	asked bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) { return s.asked.Write(p) }

// message is one of PostgreSQL's.
func message(kind byte, body string) string {
	return string(kind) + string(binary.BigEndian.AppendUint32(nil, uint32(4+len(body)))) + body
}

const connectionConfirm = "\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x02\x01\x08\x00\x01\x00\x00\x00"

// welcome is what PostgreSQL says to who logs in, and answer what it says to the question.
var (
	welcome = message('R', "\x00\x00\x00\x00") + message('S', "server_version\x0015\x00") + message('K', "\x00\x00\x00\x01\x00\x00\x00\x02") + message('Z', "I")
	rowOf42 = message('D', "\x00\x01\x00\x00\x00\x0242")
	answer1 = message('T', "\x00\x01?column?\x00") + rowOf42 + message('C', "SELECT 1\x00") + message('Z', "I")
)

func TestTalks(t *testing.T) {
	for _, tc := range []struct {
		name string
		talk talk
		says string
		want string
		err  error
	}{
		{"a line", talkLine, "web-a\n", Answered, nil},
		{"half a line", talkLine, "web-a", "", io.EOF},
		{"redis", talkRedis, "+PONG\r\n", Answered, nil},
		{"redis that wants a password", talkRedis, "-NOAUTH Authentication required.\r\n", "", errOther},
		{"half of redis", talkRedis, "+PO", "", io.EOF},
		{"a line for redis", talkRedis, "cache\n", "", errOther},
		{"http", talkHTTP, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "200", nil},
		{"http of HAProxy", talkHTTP, "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n", "503", nil},
		{"http of a long line", talkHTTP, "HTTP/1.1 OK\r\n\r\n", "", errOther},
		{"http without its body", talkHTTP, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "", io.ErrUnexpectedEOF},
		{"a line for http", talkHTTP, "web-a\n", "", errOther},
		{"no http", talkHTTP, "", "", io.EOF},
		{"rdp", talkRDP, connectionConfirm, Answered, nil},
		{"rdp without negotiation", talkRDP, "\x03\x00\x00\x0b\x06\xd0\x00\x00\x12\x34\x00", Answered, nil},
		{"rdp that disconnects", talkRDP, "\x03\x00\x00\x0b\x06\x80\x00\x00\x12\x34\x00", "", errOther},
		{"rdp of a wrong length", talkRDP, "\x03\x00\x00\x0c\x06\xd0\x00\x00\x12\x34\x00\x00", "", errOther},
		{"half of rdp", talkRDP, connectionConfirm[:9], "", io.EOF},
		{"a line for rdp", talkRDP, "workspace\n", "", errOther},
		{"postgres", talkPostgres, welcome + answer1, Answered, nil},
		{"postgres that wants a password", talkPostgres, message('R', "\x00\x00\x00\x0a"), "", errOther},
		{"postgres that refuses", talkPostgres, message('E', "SFATAL\x00\x00"), "", errOther},
		{"postgres with another answer", talkPostgres, welcome + message('D', "\x00\x01\x00\x00\x00\x0243") + message('Z', "I"), "", errOther},
		{"postgres without an answer", talkPostgres, welcome + message('Z', "I"), "", errOther},
		{"postgres that answers before", talkPostgres, rowOf42 + welcome, "", errOther},
		{"half of postgres", talkPostgres, welcome, "", io.EOF},
		{"postgres without end", talkPostgres, strings.Repeat(message('S', ""), mostMessages), "", errOther},
		{"a line for postgres", talkPostgres, "rds-of-the-lab\n", "", errOther},
	} {
		got, err := tc.talk(&said{Reader: strings.NewReader(tc.says)})
		if got != tc.want || !errors.Is(err, tc.err) {
			t.Errorf("%s: %q %v", tc.name, got, err)
		}
	}
}

// TestAsked has what is sent be what the protocols say.
func TestAsked(t *testing.T) {
	for _, tc := range []struct {
		talk       talk
		says, want string
	}{
		{talkRedis, "+PONG\r\n", "*1\r\n$4\r\nPING\r\n"},
		{talkHTTP, "HTTP/1.1 200 OK\r\n\r\n", "GET / HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n"},
		{talkRDP, connectionConfirm, "\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x01\x00\x00\x00"},
		{talkPostgres, welcome + answer1, "\x00\x00\x00\x29\x00\x03\x00\x00user\x00postgres\x00database\x00postgres\x00\x00" + message('Q', "SELECT 6 * 7\x00") + message('X', "")},
	} {
		s := &said{Reader: strings.NewReader(tc.says)}
		if _, err := tc.talk(s); err != nil || s.asked.String() != tc.want {
			t.Errorf("%q %v, want %q", s.asked.String(), err, tc.want)
		}
	}
}

// FuzzTalks has whatever a server says be an answer, another protocol, or the end of what it says.
func FuzzTalks(f *testing.F) {
	for _, says := range []string{"+PONG\r\n", "HTTP/1.1 503 Service Unavailable\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", connectionConfirm, welcome + answer1, "line\n"} {
		f.Add([]byte(says))
	}
	f.Fuzz(func(t *testing.T, says []byte) {
		for _, w := range (&Speech{1, 2, 3, 4}).protocols() {
			got, err := w.talk(&said{Reader: bytes.NewReader(says)})
			switch {
			case err == nil && got != Answered && (w.name != "http" || !isStatus(got)):
				t.Errorf("%s: %q", w.name, got)
			case err != nil && got != "":
				t.Errorf("%s: %q %v", w.name, got, err)
			}
		}
	})
}
