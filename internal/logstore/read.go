package logstore

import (
	"context"
	"iter"
	"slices"
	"strings"
)

// Read yields events as [Reader] says. It sees what was acknowledged before it began, and holds in memory
// what overlaps in time: of each file a part of at most 8 MiB of messages.
func (s *Store) Read(ctx context.Context, r ReadRequest) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		if err := s.read(ctx, r, func(e Event) bool { return yield(e, nil) }); err != nil {
			yield(Event{}, err)
		}
	}
}

// read is Read with the error as its own; yield says whether to go on.
func (s *Store) read(ctx context.Context, r ReadRequest, yield func(Event) bool) error {
	snap, err := s.Snapshot(ctx, r.Group, r.From, r.To)
	if err != nil {
		return err
	}
	defer snap.Close()
	from, to := snap.From, snap.To-1
	var after *rows
	if r.After != nil {
		after = rowOf(r.After)
		if r.Backward {
			to = min(to, r.After.Timestamp)
		} else {
			from = max(from, r.After.Timestamp)
		}
	}
	m := newMerge(snap.chunks(&r), from, to, r.Backward)
	defer m.close()
	streams := names{of: &r, known: map[string]string{}}
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		e, i, err := m.next()
		if err != nil || e == nil {
			return err
		}
		at := e.ts[i]
		if at < from || at > to {
			if at > to && !r.Backward || at < from && r.Backward {
				return nil
			}
			continue
		}
		stream, ok := streams.get(e.stream[i])
		if !ok || e.ingestion[i] < r.Ingested {
			continue
		}
		if after != nil {
			if c := compareRows(e, i, after, 0); r.Backward && c >= 0 || !r.Backward && c <= 0 {
				continue
			}
			after = nil
		}
		if !yield(Event{
			Group: r.Group, Stream: stream, Timestamp: at, Ingestion: e.ingestion[i], Message: string(e.message[i]), Ordinal: int(e.ordinal[i]),
		}) {
			return nil
		}
	}
}

// chunks returns what may hold events of the streams that are asked for.
func (p *Snapshot) chunks(r *ReadRequest) []chunk {
	var out []chunk
	for _, f := range p.Files {
		if r.mayHave(f) {
			out = append(out, fileChunk(f, r.Ingested))
		}
	}
	for _, b := range p.tail {
		if r.wants(b.stream) && b.ingestion >= r.Ingested {
			out = append(out, blockChunk(b.block, b.stream))
		}
	}
	return out
}

// wants reports whether a stream is asked for.
func (r *ReadRequest) wants(stream string) bool {
	return strings.HasPrefix(stream, r.Prefix) && (r.Streams == nil || slices.Contains(r.Streams, stream))
}

// mayHave reports whether a file may have a stream that is asked for.
func (r *ReadRequest) mayHave(f *File) bool {
	if r.Streams == nil {
		return f.lastStream >= r.Prefix && (f.firstStream <= r.Prefix || strings.HasPrefix(f.firstStream, r.Prefix))
	}
	return slices.ContainsFunc(r.Streams, func(name string) bool { return f.firstStream <= name && name <= f.lastStream })
}

// names remembers which streams are asked for.
type names struct {
	of    *ReadRequest
	known map[string]string // "" for what is not asked for
}

func (n *names) get(stream []byte) (string, bool) {
	name, ok := n.known[string(stream)]
	if !ok {
		if name = string(stream); !n.of.wants(name) {
			name = ""
		}
		n.known[string(stream)] = name
	}
	return name, name != ""
}
