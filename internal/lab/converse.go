package lab

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// Speech has a step say something, and read the answer, in a protocol: each is the port to connect to.
type Speech struct {
	// HTTP asks for /. What becomes of it is the status, as "503".
	HTTP uint16 `yaml:"http" json:"http,omitempty"`
	// Postgres logs in and has 6 times 7 computed.
	Postgres uint16 `yaml:"postgres" json:"postgres,omitempty"`
	// Redis sends PING.
	Redis uint16 `yaml:"redis" json:"redis,omitempty"`
	// RDP asks for a connection, which is the first exchange of the protocol.
	RDP uint16 `yaml:"rdp" json:"rdp,omitempty"`
}

// errOther is of an answer that is not of the protocol.
var errOther = errors.New("the answer is of another protocol")

// A talk speaks a protocol over a connection and says what became of it. Its error is one of reading or writing, or errOther.
type talk func(io.ReadWriter) (string, error)

// spoken is what a step sends: its name, the port, and who talks.
type spoken struct {
	name string
	port uint16
	talk talk
}

// protocols are the protocols that a step says it speaks.
func (s *Speech) protocols() (out []spoken) {
	for _, w := range []spoken{{"http", s.HTTP, talkHTTP}, {"postgres", s.Postgres, talkPostgres}, {"redis", s.Redis, talkRedis}, {"rdp", s.RDP, talkRDP}} {
		if w.port != 0 {
			out = append(out, w)
		}
	}
	return out
}

// isStatus reports whether a text is a status of HTTP.
func isStatus(text string) bool {
	n, err := strconv.Atoi(text)
	return err == nil && n >= 100 && n < 600 && len(text) == 3
}

// talkLine waits for the line that hosts answer with.
func talkLine(c io.ReadWriter) (string, error) {
	if _, err := bufio.NewReader(c).ReadString('\n'); err != nil {
		return "", err
	}
	return Answered, nil
}

// mostBody bounds what is read of an answer.
const mostBody = 64 << 10

// talkHTTP asks for / and reads the whole answer. Source: RFC 9112.
func talkHTTP(c io.ReadWriter) (string, error) {
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n"); err != nil {
		return "", err
	}
	in := bufio.NewReader(c)
	if head, err := in.Peek(5); err != nil {
		return "", err
	} else if string(head) != "HTTP/" {
		return "", errOther
	}
	r, err := http.ReadResponse(in, nil)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errOther, err)
	}
	defer func() { _ = r.Body.Close() }()
	if _, err := io.Copy(io.Discard, io.LimitReader(r.Body, mostBody)); err != nil {
		return "", err
	}
	if status := strconv.Itoa(r.StatusCode); isStatus(status) {
		return status, nil
	}
	return "", errOther
}

// talkRedis sends PING. Source: Redis, "RESP protocol spec".
func talkRedis(c io.ReadWriter) (string, error) {
	if _, err := io.WriteString(c, "*1\r\n$4\r\nPING\r\n"); err != nil {
		return "", err
	}
	return expect(c, "+PONG\r\n")
}

// expect reads an answer that has to be a text.
func expect(c io.Reader, text string) (string, error) {
	for i := range len(text) {
		var b [1]byte
		if _, err := io.ReadFull(c, b[:]); err != nil {
			return "", err
		}
		if b[0] != text[i] {
			return "", errOther
		}
	}
	return Answered, nil
}

// connectionRequest is an X.224 connection request in a TPKT, with an RDP negotiation request that takes TLS. Source: MS-RDPBCGR 2.2.1.1, 4.1.1.
var connectionRequest = []byte{3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 1, 0, 0, 0}

// talkRDP asks for a connection. The answer is a confirm, with or without a negotiation response; one with a failure is an answer too. Source: MS-RDPBCGR 2.2.1.2.
func talkRDP(c io.ReadWriter) (string, error) {
	if _, err := c.Write(connectionRequest); err != nil {
		return "", err
	}
	var head [6]byte
	if _, err := io.ReadFull(c, head[:]); err != nil {
		return "", err
	}
	size := int(binary.BigEndian.Uint16(head[2:]))
	if head[0] != 3 || head[1] != 0 || int(head[4]) != size-5 || head[5]&0xf0 != 0xd0 || size != 11 && size != 19 {
		return "", errOther
	}
	if _, err := io.CopyN(io.Discard, c, int64(size-len(head))); err != nil {
		return "", err
	}
	return Answered, nil
}

// mostMessages bounds what a server may say before it is ready.
const mostMessages = 100

// talkPostgres logs in as postgres without a password, has 6 times 7 computed and logs out. Source: PostgreSQL, "Frontend/Backend Protocol", version 3.0.
func talkPostgres(c io.ReadWriter) (string, error) {
	hello := []byte{0, 0, 0, 0, 0, 3, 0, 0}
	hello = append(hello, "user\x00postgres\x00database\x00postgres\x00\x00"...)
	binary.BigEndian.PutUint32(hello, uint32(len(hello)))
	if _, err := c.Write(hello); err != nil {
		return "", err
	}
	in := bufio.NewReader(c)
	if rows, err := untilReady(in); err != nil || len(rows) > 0 {
		return "", errors.Join(err, ifRows(rows))
	}
	const question = "SELECT 6 * 7\x00"
	if _, err := c.Write(append([]byte{'Q', 0, 0, 0, 4 + byte(len(question))}, question...)); err != nil {
		return "", err
	}
	rows, err := untilReady(in)
	if err != nil {
		return "", err
	}
	if want := []byte("\x00\x01\x00\x00\x00\x0242"); len(rows) != 1 || !bytes.Equal(rows[0], want) {
		return "", errOther
	}
	_, _ = c.Write([]byte{'X', 0, 0, 0, 4}) // it may have gone already
	return Answered, nil
}

// ifRows is of a server that sends rows unasked.
func ifRows(rows [][]byte) error {
	if len(rows) > 0 {
		return errOther
	}
	return nil
}

// untilReady reads messages until the server is ready for a question, and returns the rows among them.
func untilReady(in io.Reader) (rows [][]byte, err error) {
	for range mostMessages {
		var head [5]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return nil, err
		}
		size := binary.BigEndian.Uint32(head[1:])
		if size < 4 || size > mostBody {
			return nil, errOther
		}
		body := make([]byte, size-4)
		if _, err := io.ReadFull(in, body); err != nil {
			return nil, err
		}
		switch head[0] {
		case 'D':
			rows = append(rows, body)
		case 'Z':
			return rows, nil
		case 'R': // anything but 0 asks for a password
			if !bytes.Equal(body, []byte{0, 0, 0, 0}) {
				return nil, errOther
			}
		case 'S', 'K', 'N', 'T', 'C': // parameters, a key, notices, a description of rows, the end of a command
		default:
			return nil, errOther
		}
	}
	return nil, errOther
}
