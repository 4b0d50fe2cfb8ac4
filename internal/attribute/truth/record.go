package truth

import (
	"net/netip"
	"reflect"
	"slices"

	"weir/flowlog"
	"weir/internal/netmodel"
)

// Record is a record of a flow log.
type Record struct {
	Log, Interface           string
	Src, Dst, PktSrc, PktDst netip.Addr
	SrcPort, DstPort         uint16
	Protocol                 int
	Packets, Bytes           int64
	Start, End               int64 // seconds since the epoch
	Way                      netmodel.Direction
	Accept                   bool
	Flags                    uint8 // as tcp-flags
	Status                   string
	// Truths are the verdicts of its packets, each once.
	Truths []Verdict
}

// flow is what one record is about.
type flow struct {
	eni                      string
	src, dst, pktSrc, pktDst netip.Addr
	sport, dport             uint16
	protocol                 int
	way                      netmodel.Direction
	accept                   bool
	window                   int64
}

// record enters a packet into its record.
func (w *World) record(id string, p *packet, way netmodel.Direction, ms int64, v Verdict) {
	primary := w.now.Interfaces[id].Addresses[0]
	f := flow{eni: id, src: p.src, dst: p.dst, sport: p.sport, dport: p.dport, protocol: p.protocol, way: way, accept: v.Accept}
	if p.src.Is4() && way == netmodel.Egress {
		f.src = primary
	} else if p.src.Is4() {
		f.dst = primary
	}
	if w.Fields > 2 {
		f.pktSrc, f.pktDst = p.src, p.dst
	}
	at := ms / 1000
	f.window = (at + w.phase[id]) / w.window
	r := w.open[f]
	if r == nil {
		r = &Record{
			Log: "fl-1", Interface: id, Src: f.src, Dst: f.dst, PktSrc: f.pktSrc, PktDst: f.pktDst, SrcPort: f.sport, DstPort: f.dport,
			Protocol: f.protocol, Way: way, Accept: v.Accept, Status: "OK", Start: at,
		}
		w.open[f] = r
		w.flows = append(w.flows, f)
	}
	r.End = at
	if w.endsWindows {
		r.End = (f.window+1)*w.window - w.phase[id]
	}
	r.Packets++
	r.Bytes += int64(p.bytes)
	if p.protocol == netmodel.TCP {
		r.Flags |= p.flags & (fin | syn | rst)
		if p.flags&(syn|ack) == syn|ack {
			r.Flags |= ack
		}
	}
	if !slices.ContainsFunc(r.Truths, func(o Verdict) bool { return reflect.DeepEqual(o, v) }) {
		r.Truths = append(r.Truths, v)
	}
}

// deliver makes of what was recorded what is delivered.
func (w *World) deliver() {
	lost := map[[2]any]bool{}
	for _, f := range w.flows {
		r := w.open[f]
		if w.Logs == "ACCEPT" && !r.Accept || w.Logs == "REJECT" && r.Accept {
			continue
		}
		window := [2]any{f.eni, f.window}
		if w.loses && !lost[window] && w.oneIn(200) {
			lost[window] = true
			w.Records = append(w.Records, Record{Log: r.Log, Interface: r.Interface, Start: r.Start, End: max(r.End, r.Start), Status: "SKIPDATA"})
		}
		if lost[window] && w.oneIn(2) || !w.Whole && w.oneIn(20) {
			continue
		}
		if w.Logs == "SPLIT" && !r.Accept {
			r.Log = "fl-2"
		}
		w.Records = append(w.Records, *r)
		if w.doubles && w.oneIn(50) {
			w.Records = append(w.Records, *r)
		}
		if w.doubles && w.Logs != "SPLIT" && f.eni < "eni-1" {
			again := *r
			again.Log = "fl-9"
			w.Records = append(w.Records, again)
		}
	}
	w.Shuffle(len(w.Records), func(i, j int) { w.Records[i], w.Records[j] = w.Records[j], w.Records[i] })
	w.open, w.flows = nil, nil
}

// Append adds a record to a batch, with the fields that the world's flow log has.
func (w *World) Append(b *flowlog.Batch, r *Record) error {
	to := b.Append()
	action := "REJECT"
	if r.Accept {
		action = "ACCEPT"
	}
	texts := map[flowlog.FieldID]string{flowlog.WeirFlowLogID: r.Log, flowlog.InterfaceID: r.Interface, flowlog.LogStatus: r.Status}
	nums := map[flowlog.FieldID]int64{flowlog.Version: int64(w.Fields), flowlog.Start: r.Start, flowlog.End: r.End}
	if r.Status == "OK" {
		texts[flowlog.SrcAddr], texts[flowlog.DstAddr], texts[flowlog.Action] = r.Src.String(), r.Dst.String(), action
		nums[flowlog.SrcPort], nums[flowlog.DstPort], nums[flowlog.Protocol] = int64(r.SrcPort), int64(r.DstPort), int64(r.Protocol)
		nums[flowlog.Packets], nums[flowlog.Bytes] = r.Packets, r.Bytes
		if w.Fields >= 3 {
			texts[flowlog.PktSrcAddr], texts[flowlog.PktDstAddr] = r.PktSrc.String(), r.PktDst.String()
			nums[flowlog.TCPFlags] = int64(r.Flags)
		}
		if w.Fields >= 5 {
			texts[flowlog.FlowDirection] = string(r.Way)
		}
	}
	for id, v := range texts {
		if err := to.SetText(id, v); err != nil {
			return err
		}
	}
	for id, v := range nums {
		if err := to.SetInt(id, v); err != nil {
			return err
		}
	}
	return nil
}
