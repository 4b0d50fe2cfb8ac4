package agent

import (
	"maps"

	"weir/internal/agent/config"
	"weir/internal/agent/spool"
)

// A room says how much more of flow logs may wait to be delivered. All is in bytes.
type room struct {
	// each is what a flow log may have, and all what the state may take on disk.
	each, all int64
	// other is what the state has beside items: windows that are open, and what SQLite needs around both.
	other int64
	// waiting is what flow logs have.
	waiting map[string]int64
}

// begin looks how much there is.
func (r *room) begin(s *spool.Spool) {
	r.waiting, r.other = map[string]int64{}, s.Used()
	for id, w := range s.Waiting() {
		r.waiting[id] = w.Bytes
		r.other -= w.Bytes
	}
	r.other = max(r.other, 0) // an item may be there that is not counted yet, or the other way
}

// take has so much more of a flow log wait, and returns "", or which key of the config is in the way: then nothing more of it may wait.
//
// Half of the state is kept for the flow logs that are made, an equal part for each, which no other one gets: a destination that takes nothing must not take the room of those that do.
func (r *room) take(id string, bytes int64, made []config.FlowLog) (full string) {
	mine := r.waiting[id] + bytes
	if mine > r.each {
		return "spool-bytes"
	}
	part := r.all / 2 / int64(max(len(made), 1))
	others := maps.Clone(r.waiting)
	delete(others, id)
	sum, kept := r.other+mine, r.other+mine
	for _, has := range others {
		sum += has
	}
	for i := range made {
		if l := &made[i]; l.ID != id {
			others[l.ID] = max(others[l.ID], part)
		}
	}
	for _, has := range others {
		kept += has
	}
	if sum > r.all || mine > part && kept > r.all {
		return "state-bytes"
	}
	r.waiting[id] = mine
	return ""
}
