package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"weir/internal/diagnose"
	"weir/internal/netmodel"
	"weir/internal/policy"
	"weir/internal/query"
	"weir/internal/versions"
)

// WhyRequest asks what became of connections.
type WhyRequest struct {
	// Src and Dst are the ends: addresses, ids of ENIs or instances, or names; "" for any.
	Src, Dst string
	// Port is the port at Dst, -1 where none is asked for. Protocol is 6 or 17, or -1.
	Port     int
	Protocol int
	Scope    query.Scope
	// Data is the data directory, for the imported definitions.
	Data string
}

// WhyReport says what became of connections.
type WhyReport struct {
	Src WhyEnd `json:"src"`
	Dst WhyEnd `json:"dst"`
	// Connections are what the records show, those that are refused first.
	Connections []WhyConnections `json:"connections"`
	// None says what can be said where there are none.
	None *diagnose.Conclusion `json:"none,omitempty"`
	// Names are those that the definition has for interfaces of findings, by id.
	Names map[string]string `json:"names,omitempty"`
	// MorePeers counts the peers that nothing is told of, where one end was asked for: those
	// that most is refused of are told of.
	MorePeers int64 `json:"more_peers,omitempty"`
	// Partial counts records between the ends that lack protocol or ports, so that they are of no
	// connection; Missing says what would tell more, each a sentence.
	Partial int64    `json:"partial,omitempty"`
	Missing []string `json:"missing,omitempty"`
	// Unasked counts the refused connections for which the definition was not asked, since they
	// are many.
	Unasked int `json:"unasked,omitempty"`
	// Newest is the time of the newest record of all, nil where there is none.
	Newest *time.Time `json:"newest,omitempty"`
}

// WhyEnd is an end that was asked for.
type WhyEnd struct {
	Asked string `json:"asked"`
	// Addresses are those that records may show of it, none where any will do.
	Addresses []netip.Addr `json:"addresses,omitempty"`
	// Interfaces are the ENIs that a definition has for it.
	Interfaces []string `json:"interfaces,omitempty"`
	// Until is the time until which the definitions have these, where they are gone from that of
	// the end of the time asked for; the zero time where that is not known.
	Until *time.Time `json:"until,omitempty"`
}

// WhyConnections are connections of one protocol and port, which one end began.
type WhyConnections struct {
	// Peer is the address of the end that was not asked for; "" where both were.
	Peer string `json:"peer,omitempty"`
	// Backwards says that Dst began them.
	Backwards bool `json:"backwards,omitempty"`
	Protocol  int  `json:"protocol"`
	// Port is the one that they go to, -1 where the protocol has none.
	Port int `json:"port"`
	// Guessed says that who began is guessed from the ports: the lower one is taken for the
	// one that they go to.
	Guessed bool `json:"guessed,omitempty"`
	// Either says that either side may have begun: the protocol has no ports, or they are the
	// same at both ends. SeenFirst says that who is taken to have begun was seen first; else it is
	// who was asked for first.
	Either    bool  `json:"either,omitempty"`
	SeenFirst bool  `json:"seen_first,omitempty"`
	Records   int64 `json:"records"`
	Refused   int64 `json:"refused"`
	First     int64 `json:"first"` // seconds since the epoch
	Last      int64 `json:"last"`
	diagnose.Conclusion
	Findings []diagnose.Finding `json:"findings"`
	// Transit is what transit gateways recorded of them.
	Transit []diagnose.Transit `json:"transit,omitempty"`
	// Changes are those of what decides about them, while they were recorded: where some were
	// refused and others were not.
	Changes []WhyChange `json:"changes,omitempty"`
	// Rule is what a definition says of the record that tells; nil where nothing was
	// imported, or nothing is refused.
	Rule *WhyRule `json:"rule,omitempty"`
}

// WhyRule is what the definition that was in force says of a record.
type WhyRule struct {
	// Refusals are all decisions that refuse, of the packet and of its reply: each is found as if
	// those before were mended.
	Refusals []WhyRefusal `json:"refusals"`
	// Agrees says that the definition refuses what the records show as refused.
	Agrees bool `json:"agrees"`
	// Says is a sentence for people on what the definition makes of it, once all refusals
	// are mended.
	Says string `json:"says"`
	// Doubts are why the definition may have been another at that time.
	Doubts []string `json:"doubts,omitempty"`
}

// WhyRefusal is a decision that refuses.
type WhyRefusal struct {
	Way  diagnose.Way `json:"way"`
	Step policy.Step  `json:"step"`
	// Fix is the change of rules that mends it; nil where none does.
	Fix *diagnose.Fix `json:"fix,omitempty"`
}

// maxEvidence bounds the rows that are looked at, and maxPeers the peers.
const (
	maxEvidence = 5000
	maxPeers    = 50
)

// Why tells what became of connections between two ends, by what records show of them and
// what imported definitions say.
func Why(ctx context.Context, s Service, req WhyRequest) (*WhyReport, error) {
	w := why{ctx: ctx, s: s, req: req, report: &WhyReport{}}
	if err := w.ends(); err != nil {
		return nil, err
	}
	newest, err := s.Newest(ctx)
	if err != nil {
		return nil, err
	}
	if !newest.IsZero() {
		w.report.Newest = &newest
	}
	if err := w.evidence(); err != nil {
		return nil, err
	}
	return w.report, w.tell()
}

// why is the work on a request.
type why struct {
	ctx    context.Context
	s      Service
	req    WhyRequest
	report *WhyReport

	loaded  netmodel.Loaded   // of the end of the time asked for
	network *netmodel.Network // of loaded; nil where nothing was imported
	seen    []connection
	logged  diagnose.Ends
	known   map[string]diagnose.Known // by interface
	moments moments
}

// connection is what the rows have in common that WhyConnections are of.
type connection struct {
	WhyConnections
	at    map[place][]diagnose.Evidence
	order []place

	// elsewhere says that the end that is asked is on the internet, gateway is the NAT gateway
	// that the way there leads to, and others counts its other clients that asked the same.
	elsewhere     bool
	gateway       string
	gatewayLogged bool
	others        int64
}

// place is where records were made.
type place struct {
	id  string
	leg diagnose.Leg
}

// ends finds the addresses of the ends.
func (w *why) ends() error {
	at := w.req.Scope.To
	if at.IsZero() {
		at = time.Now()
	}
	w.moments = moments{ctx: w.ctx, data: w.req.Data}
	d, err := w.at(at.Unix())
	switch {
	case err == nil:
		w.loaded, w.network = d.Loaded, d.Network
	case !errors.Is(err, versions.ErrNone):
		return err
	}
	if w.report.Src, err = w.end(w.req.Src); err != nil {
		return err
	}
	if w.report.Dst, err = w.end(w.req.Dst); err != nil {
		return err
	}
	if len(w.report.Src.Addresses)+len(w.report.Dst.Addresses) == 0 {
		return &UsageError{Message: "one of the ends is needed"}
	}
	return nil
}

// end finds the addresses of an end.
func (w *why) end(asked string) (WhyEnd, error) {
	out := WhyEnd{Asked: asked}
	if asked == "" {
		return out, nil
	}
	a, err := netip.ParseAddr(asked)
	named := err != nil
	if !named {
		out.Addresses = []netip.Addr{a.Unmap()}
	}
	if w.network == nil {
		if named {
			return out, &UsageError{
				Message: fmt.Sprintf("%q is no address, and no network definition was imported that could name it", asked),
				Hint:    "'weir network import' takes one",
			}
		}
		return out, nil
	}
	for _, i := range w.network.Interfaces {
		if out.is(i, named) {
			out.add(i, named)
		}
	}
	if len(out.Interfaces) == 0 {
		if err := w.gone(&out, named); err != nil {
			return out, err
		}
	}
	if named && len(out.Addresses) == 0 {
		return out, &UsageError{Message: fmt.Sprintf("%q is no address, and no ENI, instance or name of the imported definitions", asked)}
	}
	slices.Sort(out.Interfaces)
	slices.SortFunc(out.Addresses, netip.Addr.Compare)
	out.Addresses = slices.Compact(out.Addresses)
	return out, nil
}

// is reports whether an end means an ENI: by its id, instance, name or resource where it is
// named, else by its address.
func (e *WhyEnd) is(i *netmodel.Interface, named bool) bool {
	if named {
		return e.Asked == i.ID || e.Asked == i.Instance || e.Asked == i.Name || e.Asked == i.Resource
	}
	return slices.ContainsFunc(e.Addresses, i.Has)
}

// add adds an ENI to an end.
func (e *WhyEnd) add(i *netmodel.Interface, named bool) {
	if !slices.Contains(e.Interfaces, i.ID) {
		e.Interfaces = append(e.Interfaces, i.ID)
	}
	if named {
		e.Addresses = append(e.Addresses, i.Addresses...)
		for _, public := range i.Public {
			e.Addresses = append(e.Addresses, public)
		}
	}
}

// gone adds the ENIs that an end meant at another time: those of the time that is asked about
// which are not in the definition of its end.
func (w *why) gone(e *WhyEnd, named bool) error {
	s, err := versions.Open(w.ctx, w.req.Data)
	if err != nil {
		return err
	}
	defer s.Close()
	spans, err := s.Interfaces(w.ctx)
	if err != nil {
		return err
	}
	for _, span := range spans {
		ends := !span.To.IsZero() && !w.req.Scope.From.IsZero() && !span.To.After(w.req.Scope.From)
		begins := !span.From.IsZero() && !w.req.Scope.To.IsZero() && !span.From.Before(w.req.Scope.To)
		if !ends && !begins && e.is(span.Interface, named) {
			e.add(span.Interface, named)
			if e.Until == nil || span.To.After(*e.Until) {
				e.Until = &span.To
			}
		}
	}
	return nil
}

// evidence reads what records show.
func (w *why) evidence() error {
	rows, where := w.sql()
	var err error
	if len(w.report.Src.Addresses) == 0 || len(w.report.Dst.Addresses) == 0 {
		if where, err = w.peers(rows, where); err != nil {
			return err
		}
	}
	if err := w.read(rows, where, func(e *diagnose.Evidence, translated bool) { e.Leg = w.legOf(e.Interface, translated) }); err != nil {
		return err
	}
	if err := errors.Join(w.gateways(), w.transit()); err != nil {
		return err
	}
	return w.coverage()
}

// read reads what records show; leg says of which leg they are, by whether their packets have
// other addresses than the record.
func (w *why) read(rows, where string, leg func(e *diagnose.Evidence, translated bool)) error {
	n := 0
	err := w.rows(rows+fmt.Sprintf(evidenceSQL, where, maxEvidence+1), func(row []any) {
		n++
		flag := func(i int) bool { b, _ := row[i].(bool); return b }
		text := func(i int) string { return valueText(row[i]) }
		e := diagnose.Evidence{
			Interface: text(3), Direction: text(4), Way: diagnose.Reply, Action: text(6), Reason: text(7), Pair: text(9),
			Records: integer(row[11]), Packets: integer(row[12]), Bytes: integer(row[13]), First: integer(row[14]), Last: integer(row[15]),
			LowPort: integer(row[16]), HighPort: integer(row[17]), Sample: text(18),
			WouldAction: text(21), Stage: text(22), Rules: text(23),
		}
		if flag(5) {
			e.Way = diagnose.Request
		}
		if f := integer(row[8]); f >= 0 {
			e.Opening = diagnose.OpeningOf(f)
		}
		leg(&e, flag(20))
		w.add(WhyConnections{Peer: text(19), Backwards: flag(0), Protocol: int(integer(row[1])), Port: int(integer(row[2])), Guessed: flag(10)}, e)
	})
	if err == nil && n > maxEvidence {
		err = &UsageError{Message: "the records show too many different connections", Hint: "name the port, both ends, or a shorter time"}
	}
	return err
}

// begun finds who began connections which either side may begin: who was seen first, else who
// was asked for first. Where the logs show what was refused alone, what looks like a request may
// be a reply, and is left as it was asked for.
func (c *connection) begun(known map[string]diagnose.Known) {
	first := map[diagnose.Way]int64{}
	same, accepts := c.Protocol != netmodel.TCP, false
	for p, list := range c.at {
		accepts = accepts || known[p.id].Accepts
		for _, e := range list {
			same = same && (c.Port < 0 || e.LowPort == int64(c.Port) && e.HighPort == int64(c.Port))
			if t, ok := first[e.Way]; !ok || e.First < t {
				first[e.Way] = e.First
			}
		}
	}
	if c.Either = same && len(c.at) > 0; !c.Either {
		return
	}
	c.Guessed = false // by ports
	request, asked := first[diagnose.Request]
	reply, answered := first[diagnose.Reply]
	c.SeenFirst = asked && answered && request != reply
	if asked && (!answered || request <= reply) || !accepts {
		return
	}
	c.Backwards = !c.Backwards
	for _, list := range c.at {
		for i := range list {
			if e := &list[i]; e.Way == diagnose.Request {
				e.Way = diagnose.Reply
			} else {
				e.Way = diagnose.Request
			}
		}
	}
}

// add adds a row to the connections that it is of.
func (w *why) add(of WhyConnections, e diagnose.Evidence) {
	of.First, of.Last = e.First, e.Last
	c := w.of(of)
	c.Guessed = c.Guessed || of.Guessed
	c.Records += e.Records
	if e.Action == "REJECT" {
		c.Refused += e.Records
	}
	c.First, c.Last = min(c.First, e.First), max(c.Last, e.Last)
	p := place{e.Interface, e.Leg}
	if c.at[p] == nil {
		c.order = append(c.order, p)
	}
	c.at[p] = append(c.at[p], e)
}

// coverage finds which actions the interfaces' records show, and which ends are logged.
func (w *why) coverage() error {
	ids := map[string]bool{}
	for _, c := range w.seen {
		for p := range c.at {
			ids[p.id] = true
		}
	}
	w.known = map[string]diagnose.Known{}
	if len(ids) > 0 {
		var list strings.Builder
		for id := range ids {
			list.WriteString(", '" + strings.ReplaceAll(id, "'", "''") + "'")
		}
		sql := "SELECT coalesce(interface_id, resource_id), bool_or(action = 'ACCEPT'), bool_or(action = 'REJECT'), count(*) FILTER (log_status = 'SKIPDATA') FROM vpc_flow_logs WHERE interface_id IN (" + list.String()[2:] +
			") OR interface_id IS NULL AND resource_id IN (" + list.String()[2:] + ") GROUP BY 1"
		if err := w.rows(sql, func(row []any) {
			accepts, _ := row[1].(bool)
			rejects, _ := row[2].(bool)
			id := valueText(row[0])
			w.known[id] = diagnose.Known{Accepts: accepts, Rejects: rejects, Skipped: integer(row[3]), SameSubnet: w.sameSubnet(id), Tracking: w.tracking(id)}
		}); err != nil {
			return err
		}
	}
	logged := func(addresses []netip.Addr) string {
		return "coalesce(bool_or(weir_direction = 'egress' AND " + among(addresses, "srcaddr") + " OR weir_direction = 'ingress' AND " + among(addresses, "dstaddr") + "), FALSE)"
	}
	src, dst := w.report.Src.Addresses, w.report.Dst.Addresses
	between := "(" + among(src, "srcaddr") + " AND " + among(dst, "dstaddr") + " OR " + among(dst, "srcaddr") + " AND " + among(src, "dstaddr") + ")"
	sql := "SELECT " + logged(src) + ", " + logged(dst) + ", count(*) FILTER (action IS NOT NULL AND " + between + " AND (" + partial + ")) FROM vpc_flow_logs"
	return w.rows(sql, func(row []any) {
		w.logged.Source, _ = row[0].(bool)
		w.logged.Destination, _ = row[1].(bool)
		w.report.Partial = integer(row[2])
	})
}

// missing says what would tell more of all connections.
func (w *why) missing() {
	if n := w.report.Partial; n > 0 {
		w.report.Missing = append(w.report.Missing, fmt.Sprintf("of which connections some records between the ends are (%d): their format lacks protocol, srcport or dstport", n))
	}
	if w.network == nil && slices.ContainsFunc(w.report.Connections, func(c WhyConnections) bool { return c.Refused > 0 }) {
		w.report.Missing = append(w.report.Missing, "no network definition was imported: with one ('weir network import') the rule is named, and what mends it")
	}
}

// tracking returns the timeouts of an interface's security groups, as far as the definition has
// them.
func (w *why) tracking(id string) diagnose.Tracking {
	if w.network == nil || w.network.Interfaces[id] == nil {
		return diagnose.Tracking{}
	}
	i := w.network.Interfaces[id]
	c := i.ConnectionTracking
	return diagnose.Tracking{TCPEstablished: c.TCPEstablished, UDP: c.UDP, UDPStream: c.UDPStream, Balancer: i.Type == "network_load_balancer"}
}

// sameSubnet tells whether both ends are in an interface's subnet; nil where the definition
// does not tell.
func (w *why) sameSubnet(id string) *bool {
	if w.network == nil {
		return nil
	}
	i := w.network.Interfaces[id]
	if i == nil || w.network.Subnets[i.Subnet] == nil {
		return nil
	}
	src, dst := w.report.Src.Addresses, w.report.Dst.Addresses
	if len(src) == 0 || len(dst) == 0 {
		return nil
	}
	subnet, inside := w.network.Subnets[i.Subnet], 0
	for _, end := range [][]netip.Addr{src, dst} {
		if slices.ContainsFunc(end, func(a netip.Addr) bool {
			return slices.ContainsFunc(subnet.CIDRs, func(p netip.Prefix) bool { return p.Contains(a) })
		}) {
			inside++
		}
	}
	same := inside == 2
	return &same
}

// tell finds what became of each of the connections.
func (w *why) tell() error {
	for i := range w.seen {
		c := &w.seen[i]
		c.begun(w.known)
		for _, p := range c.order {
			known := w.known[p.id]
			known.Protocol = c.Protocol
			f := diagnose.At(c.at[p], known)
			if p.leg == diagnose.Outside && c.others > 0 {
				f.Assumes = append(f.Assumes, fmt.Sprintf("what the NAT gateway sends and gets is this client's: %d others talked to the same port of the same host in this time", c.others))
			}
			c.Findings = append(c.Findings, f)
		}
		logged := w.logged
		if c.Backwards {
			logged.Source, logged.Destination = logged.Destination, logged.Source
		}
		logged.Elsewhere, logged.Gateway, logged.GatewayLogged = c.elsewhere, c.gateway, c.gatewayLogged
		c.Conclusion = diagnose.Conclude(c.Findings, logged)
		c.Cross(c.Transit)
		w.report.Connections = append(w.report.Connections, c.WhyConnections)
	}
	slices.SortStableFunc(w.report.Connections, func(a, b WhyConnections) int {
		return cmp.Or(cmp.Compare(b.Refused, a.Refused), cmp.Compare(b.Records, a.Records), cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Port, b.Port))
	})
	if len(w.seen) == 0 {
		none := diagnose.Conclude(nil, w.logged)
		if w.report.Partial > 0 {
			none.Says = "no record shows it that says its protocol and ports"
		}
		w.report.None = &none
	}
	w.missing()
	if w.network == nil {
		return nil
	}
	w.report.Names = map[string]string{}
	for id := range w.known {
		if i := w.network.Interfaces[id]; i != nil && i.Name != "" {
			w.report.Names[id] = i.Name
		}
	}
	asked := 0
	for i := range w.report.Connections {
		c := &w.report.Connections[i]
		if c.Refused == 0 {
			continue
		}
		if asked++; asked > maxRules {
			w.report.Unasked++
			continue
		}
		if err := w.changed(c); err != nil {
			return err
		}
		if c.Outcome != diagnose.Refused && c.Outcome != diagnose.ReplyRefused {
			continue
		}
		if err := w.rule(c); err != nil {
			return err
		}
	}
	return nil
}
