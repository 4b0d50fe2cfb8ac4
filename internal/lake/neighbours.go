package lake

import (
	"context"
	"math"
	"slices"
	"sync"

	"weir/flowlog"
	"weir/internal/pair"
)

// neighbours finds the edges of the hours around those that an import writes.
type neighbours struct {
	lake    *Lake
	paired  map[int64]pairedHour
	held    map[int64]bool // hours that have files in the lake
	asGiven bool           // see ImportOptions
	pieces  func(hour int64) []piece

	mu   sync.Mutex
	made map[madeEdge]*pair.Edge // of hours that have no files
}

// madeEdge names an edge of an hour.
type madeEdge struct {
	hour int64
	side pair.Side
}

// edge returns an edge of an hour, as far as it is at hand.
func (n *neighbours) edge(hour int64, s pair.Side) *pair.Edge {
	if !n.held[hour] {
		return n.once(hour, s, func() *pair.Edge { return pair.EdgeOf(hour, s, slices.Values(pairRows(n.pieces(hour)))) })
	}
	p := n.paired[hour]
	if !p.whole {
		return nil
	}
	edge, _ := n.lake.edges.get(hour, p.sum(s))
	return edge
}

// once returns an edge of an hour without files, made where nobody did: a neighbour
// asks for it, and the hour itself where it is written in the same change. Two may
// make it at the same time; both have the same then.
func (n *neighbours) once(hour int64, s pair.Side, do func() *pair.Edge) *pair.Edge {
	if edge, ok := n.known(hour, s); ok {
		return edge
	}
	edge := do()
	n.keep(hour, s, edge)
	return edge
}

// known returns an edge that once has.
func (n *neighbours) known(hour int64, s pair.Side) (*pair.Edge, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	edge, ok := n.made[madeEdge{hour, s}]
	return edge, ok
}

func (n *neighbours) keep(hour int64, s pair.Side, edge *pair.Edge) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.made[madeEdge{hour, s}] = edge
}

// own returns the edges of an hour of which h has all records that are in memory.
func (n *neighbours) own(hour int64, h *pair.Hour) [2]*pair.Edge {
	head, headKnown := n.known(hour, pair.Head)
	tail, tailKnown := n.known(hour, pair.Tail)
	if headKnown && tailKnown {
		return [2]*pair.Edge{head, tail}
	}
	edges := h.Edges()
	for s, edge := range edges {
		n.keep(hour, pair.Side(s), edge)
	}
	return edges
}

// records returns how many records of an hour are in memory.
func (n *neighbours) records(hour int64) int {
	records := 0
	for _, p := range n.pieces(hour) {
		records += p.len()
	}
	return records
}

// around returns the neighbours of the hours that an import's change writes: those
// that are written with them, wait to be written, or are in the lake.
func (l *Lake) around(ctx context.Context, im *Import, byHour map[hourKey][]piece, c *change) (*neighbours, error) {
	const k = flowlog.KindVPC
	snap, err := l.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	between := [2]int64{math.MaxInt64, math.MinInt64}
	for key := range byHour {
		between = [2]int64{min(between[0], key.hour-3600), max(between[1], key.hour+3600)}
	}
	paired, err := l.pairedHours(ctx, between)
	if err != nil {
		return nil, err
	}
	held := map[int64]bool{}
	for hour := range snap.vpcHours() {
		held[hour] = true
	}
	for _, path := range c.add[k] { // of objects that did not fit into memory
		hour, err := pathHour(path)
		if err != nil {
			return nil, err
		}
		held[hour] = true
	}
	im.mu.Lock()
	objects := slices.Concat(im.waiting.objects, im.writing)
	im.mu.Unlock()
	return &neighbours{lake: l, paired: paired, held: held, asGiven: im.opts.AsGiven, made: map[madeEdge]*pair.Edge{}, pieces: func(hour int64) []piece {
		key := hourKey{k, hour}
		var out []piece
		for _, o := range objects {
			out = append(out, o.pieces[key]...)
		}
		return out
	}}, nil
}
