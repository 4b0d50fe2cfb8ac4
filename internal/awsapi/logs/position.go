package logs

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"iter"
	"math"

	"weir/internal/logstore"
)

// A position is a place between events: before or after one, by what never changes about it. The zero
// position is before all.
type position struct {
	Time      int64  `json:"t"`
	Ingestion int64  `json:"i"`
	Stream    string `json:"s"`
	ID        string `json:"id,omitempty"` // "": before all events
	After     bool   `json:"a,omitempty"`
}

func before(e *logstore.Event) position {
	return position{Time: e.Timestamp, Ingestion: e.Ingestion, Stream: e.Stream, ID: e.ID()}
}

func after(e *logstore.Event) position {
	p := before(e)
	p.After = true
	return p
}

// A cursor is a token of GetLogEvents and FilterLogEvents: a position in a group.
type cursor struct {
	Group string `json:"g"`
	position
	Backward bool `json:"b,omitempty"`
}

func (c cursor) token() string {
	raw, err := json.Marshal(c)
	if err != nil {
		panic(err) // its members are texts, numbers and booleans
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// parseCursor reads a token that was given for a group.
func parseCursor(token, group string) (cursor, error) {
	var c cursor
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || json.Unmarshal(raw, &c) != nil || c.Group != group || c.token() != token {
		return cursor{}, errToken
	}
	return c, nil
}

// read yields the events of a request beginning at a position, in its direction. A position's event
// may be gone by then.
func read(ctx context.Context, reader logstore.Reader, r logstore.ReadRequest, at position) iter.Seq2[logstore.Event, error] {
	if at.ID == "" {
		if r.Backward {
			return func(func(logstore.Event, error) bool) {}
		}
		return reader.Read(ctx, r)
	}
	// Reading begins at the first event of the same time, ingestion and stream; those up to the position
	// are passed over.
	from := logstore.Event{Group: r.Group, Timestamp: at.Time, Ingestion: at.Ingestion, Stream: at.Stream, Ordinal: -1}
	if r.Backward {
		from.Message, from.Ordinal = "\xff", math.MaxInt
	}
	r.After = &from
	return func(yield func(logstore.Event, error) bool) {
		var passed []logstore.Event
		found := false
		flush := func() bool {
			if !found { // the event is gone: none of these was given
				for _, e := range passed {
					if !yield(e, nil) {
						return false
					}
				}
			}
			found, passed = true, nil
			return true
		}
		for e, err := range reader.Read(ctx, r) {
			if err != nil {
				yield(e, err)
				return
			}
			if !found {
				same := e.Timestamp == at.Time && e.Ingestion == at.Ingestion && e.Stream == at.Stream
				switch {
				case !same:
					if !flush() {
						return
					}
				case e.ID() == at.ID:
					found = true
					if at.After != r.Backward {
						continue
					}
				default:
					passed = append(passed, e)
					continue
				}
			}
			if !yield(e, nil) {
				return
			}
		}
		flush()
	}
}
