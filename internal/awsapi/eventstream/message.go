package eventstream

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// ContentType is the media type of a stream.
const ContentType = "application/vnd.amazon.eventstream"

// Limits of AWS's clients.
const (
	maxHeaders = 128 << 10
	maxPayload = 16 << 20
	maxName    = 255
	maxValue   = 1<<16 - 1
)

const (
	preludeLen = 12
	crcLen     = 4
	textType   = 7
)

// A Header is a header of a message.
type Header struct{ Name, Value string }

// A Message is what one frame has.
type Message struct {
	Headers []Header
	Payload []byte
}

// Event returns the message of an event with a JSON payload. The first one of a stream is
// "initial-response" with the payload {}: botocore refuses any other.
func Event(eventType string, payload []byte) Message {
	return message("event", ":event-type", eventType, payload)
}

// Exception returns the message that ends a stream with an error that the service's model has, such as
// SessionTimeoutException; the payload is its JSON.
func Exception(exceptionType string, payload []byte) Message {
	return message("exception", ":exception-type", exceptionType, payload)
}

func message(kind, name, value string, payload []byte) Message {
	return Message{
		Headers: []Header{{":message-type", kind}, {name, value}, {":content-type", "application/json"}},
		Payload: payload,
	}
}

// Header returns the value of a header, "" where there is none.
func (m *Message) Header(name string) string {
	for _, h := range m.Headers {
		if h.Name == name {
			return h.Value
		}
	}
	return ""
}

// Append appends the frame of a message. It fails where a header or the message is larger than AWS's clients
// take.
func Append(to []byte, m Message) ([]byte, error) {
	headers := 0
	for _, h := range m.Headers {
		if h.Name == "" || len(h.Name) > maxName || len(h.Value) > maxValue {
			return to, fmt.Errorf("cannot encode the header %.40q: its name has %d bytes, its value %d", h.Name, len(h.Name), len(h.Value))
		}
		headers += 1 + len(h.Name) + 1 + 2 + len(h.Value)
	}
	if headers > maxHeaders || len(m.Payload) > maxPayload {
		return to, fmt.Errorf("cannot encode a message with %d bytes of headers and %d of payload", headers, len(m.Payload))
	}
	from := len(to)
	to = binary.BigEndian.AppendUint32(to, uint32(preludeLen+headers+len(m.Payload)+crcLen))
	to = binary.BigEndian.AppendUint32(to, uint32(headers))
	to = binary.BigEndian.AppendUint32(to, crc32.ChecksumIEEE(to[from:]))
	for _, h := range m.Headers {
		to = append(to, byte(len(h.Name)))
		to = append(to, h.Name...)
		to = append(to, textType)
		to = binary.BigEndian.AppendUint16(to, uint16(len(h.Value)))
		to = append(to, h.Value...)
	}
	to = append(to, m.Payload...)
	return binary.BigEndian.AppendUint32(to, crc32.ChecksumIEEE(to[from:])), nil
}

// errTruncated says that a frame ends too early.
var errTruncated = errors.New("the frame is truncated")

// Read reads the next message; io.EOF at the end of the stream. Headers whose value is no text are
// refused.
func Read(r io.Reader) (Message, error) {
	var prelude [preludeLen]byte
	if _, err := io.ReadFull(r, prelude[:]); err != nil {
		return Message{}, frameError(err, true)
	}
	total := binary.BigEndian.Uint32(prelude[:])
	headers := binary.BigEndian.Uint32(prelude[4:])
	if sum := binary.BigEndian.Uint32(prelude[8:]); sum != crc32.ChecksumIEEE(prelude[:8]) {
		return Message{}, errors.New("cannot read the frame: the checksum of its prelude is wrong")
	}
	if headers > maxHeaders || total < preludeLen+headers+crcLen || total-preludeLen-headers-crcLen > maxPayload {
		return Message{}, fmt.Errorf("cannot read the frame: %d bytes with %d of headers", total, headers)
	}
	rest := make([]byte, total-preludeLen)
	if _, err := io.ReadFull(r, rest); err != nil {
		return Message{}, frameError(err, false)
	}
	body := rest[:len(rest)-crcLen]
	sum := crc32.Update(crc32.ChecksumIEEE(prelude[:]), crc32.IEEETable, body)
	if sum != binary.BigEndian.Uint32(rest[len(body):]) {
		return Message{}, errors.New("cannot read the frame: its checksum is wrong")
	}
	list, err := readHeaders(body[:headers])
	if err != nil {
		return Message{}, err
	}
	return Message{Headers: list, Payload: body[headers:]}, nil
}

// frameError says what an error of reading means: the end before a frame is none.
func frameError(err error, first bool) error {
	if first && err == io.EOF {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF {
		err = errTruncated
	}
	return fmt.Errorf("cannot read the frame: %w", err)
}

// readHeaders reads headers.
func readHeaders(b []byte) ([]Header, error) {
	var out []Header
	for len(b) > 0 {
		n := int(b[0])
		if n == 0 || len(b) < 1+n+1+2 {
			return nil, fmt.Errorf("cannot read the headers: %w", errTruncated)
		}
		name := string(b[1 : 1+n])
		if kind := b[1+n]; kind != textType {
			return nil, fmt.Errorf("cannot read the header %q: its value is of type %d, not text", name, kind)
		}
		b = b[1+n+1:]
		v := int(binary.BigEndian.Uint16(b))
		if b = b[2:]; len(b) < v {
			return nil, fmt.Errorf("cannot read the headers: %w", errTruncated)
		}
		out = append(out, Header{name, string(b[:v])})
		b = b[v:]
	}
	return out, nil
}
