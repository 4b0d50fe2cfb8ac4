package subscription

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/klauspost/compress/gzip"
)

// MaxRecord is the greatest size of a payload in bytes: what Firehose takes as a record (1,000 KiB), which is
// less than Kinesis and Lambda take.
const MaxRecord = 1000 << 10

// A Header is what the documents of one log stream and filter have in common.
type Header struct {
	Owner, LogGroup, LogStream string // Owner is the id of the account
	Filters                    []string
}

// An Event is a log event. Timestamp is in milliseconds since the epoch.
type Event struct {
	ID        string `json:"id"`
	Timestamp int64  `json:"timestamp"`
	Message   string `json:"message"`
	// Fields are what a space-delimited filter pattern takes out of the message, by name; nil for other
	// patterns. AWS's own function that writes to OpenSearch reads them; its guide does not name them.
	Fields map[string]string `json:"extractedFields,omitempty"`
}

// document has the members in AWS's order.
type document struct {
	MessageType         string            `json:"messageType"`
	Owner               string            `json:"owner"`
	LogGroup            string            `json:"logGroup"`
	LogStream           string            `json:"logStream"`
	SubscriptionFilters []string          `json:"subscriptionFilters"`
	LogEvents           []json.RawMessage `json:"logEvents"`
}

// Pack returns the payloads for events in their order, each of at most MaxRecord bytes. An event that is too
// large even alone is left out, and counted.
func Pack(h Header, events []Event) (payloads [][]byte, dropped int, err error) {
	d := document{
		MessageType: "DATA_MESSAGE", Owner: h.Owner, LogGroup: h.LogGroup, LogStream: h.LogStream,
		SubscriptionFilters: append([]string{}, h.Filters...),
	}
	frame, err := encode(d)
	if err != nil {
		return nil, 0, err
	}
	size := len(frame)
	flush := func() error {
		if len(d.LogEvents) == 0 {
			return nil
		}
		p, err := pack(d)
		switch {
		case err != nil:
			return err
		case len(p) > MaxRecord: // one event, see below
			dropped++
		default:
			payloads = append(payloads, p)
		}
		d.LogEvents, size = nil, len(frame)
		return nil
	}
	for i := range events {
		e, err := encode(events[i])
		if err != nil {
			return nil, 0, err
		}
		// What is not packed is never much smaller than what is, so its size decides; a larger event stands
		// alone and may become small enough.
		if size+len(e)+1 > MaxRecord-slack {
			if err := flush(); err != nil {
				return nil, 0, err
			}
		}
		d.LogEvents = append(d.LogEvents, e)
		size += len(e) + 1
	}
	return payloads, dropped, flush()
}

// slack is more than gzip adds to what can't be compressed: 5 bytes for each 64 KiB, and its frame.
const slack = 1 << 10

// Control returns the payload by which CloudWatch Logs tests whether a destination takes records: it has no
// events of a log group.
func Control(at time.Time, text string) ([]byte, error) {
	e, err := encode(Event{Timestamp: at.UnixMilli(), Message: "CWL CONTROL MESSAGE: " + text})
	if err != nil {
		return nil, err
	}
	return pack(document{
		MessageType: "CONTROL_MESSAGE", Owner: "CloudwatchLogs",
		SubscriptionFilters: []string{}, LogEvents: []json.RawMessage{e},
	})
}

// Lambda returns the event that a Lambda function gets for a payload.
func Lambda(payload []byte) []byte {
	return []byte(`{"awslogs":{"data":` + strconv.Quote(base64.StdEncoding.EncodeToString(payload)) + `}}`)
}

// encode returns JSON as AWS writes it, without escapes for HTML.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("cannot encode a subscription document: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// pack returns a document as gzip.
func pack(d document) ([]byte, error) {
	text, err := encode(d)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err = z.Write(text); err == nil {
		err = z.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("cannot pack a subscription document: %w", err)
	}
	return b.Bytes(), nil
}
