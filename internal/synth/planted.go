package synth

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Refusal is a REJECT record, and what refused its packets. It is told by the plan of
// the network alone, from which the records and the definition are made both: no
// definition is read for it.
type Refusal struct {
	Interface        string
	Src, Dst         netip.Addr
	SrcPort, DstPort uint16
	Protocol         uint8
	Start, End       int64 // seconds since the epoch
	// Stage is what refused: nacl, sg, or stray for a packet that came after its connection was
	// closed, which no rule refuses.
	Stage string
	// Rule is the network ACL's entry, as "acl-0123456789abcdef0:ingress:80", or "*" for its
	// last; of groups "sg-0123456789abcdef0:ingress:implicit-deny"; of a stray packet "".
	Rule string
}

// Refusals returns the REJECT records of the i-th slot, counted from 0. It fails where
// there is no such slot, and where nothing in the plan refuses what the records say
// was refused.
func (g *Generator) Refusals(i int) ([]Refusal, error) {
	if i < 0 || i >= g.Slots() {
		return nil, fmt.Errorf("no slot %d of %d", i, g.Slots())
	}
	k := g.newMaker()
	k.collect(i, uint32(g.cfg.Start.Add(time.Duration(i)*slotLength).Unix()))
	var out []Refusal
	for _, key := range k.order {
		r := &k.rows[key.index]
		if !r.reject {
			continue
		}
		f, err := g.refusal(r)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// refusal returns what refused the packets of a REJECT record. Requests come to the network
// ACL first where they arrive, and last where they leave; replies come to no group.
func (g *Generator) refusal(r *row) (Refusal, error) {
	b, e := g.w.book.entries, g.w.enis[r.vantage]
	f := Refusal{
		Interface: e.id, Src: b[r.src].ip, Dst: b[r.dst].ip, SrcPort: r.srcPort, DstPort: r.dstPort,
		Protocol: r.protocol, Start: int64(r.start), End: int64(r.end),
	}
	far := b[r.src]
	if r.egress {
		far = b[r.dst]
	}
	entry, denied := g.deniedBy(e, r, far)
	grouped := len(e.fleet.groups) > 0 && !r.reply && !g.w.letBy(e, r, far)
	switch {
	case r.late:
		f.Stage = "stray"
	case denied && !(grouped && r.egress):
		f.Stage, f.Rule = "nacl", entry
	case grouped:
		var ids []string
		for _, name := range e.fleet.groups {
			ids = append(ids, awsID(g.cfg.Seed, "sg", uint64(groupNumber(name, e.vpcNumber(g.w)))))
		}
		slices.Sort(ids)
		f.Stage, f.Rule = "sg", strings.Join(ids, ",")+":"+way(r)+":implicit-deny"
	default:
		return f, fmt.Errorf("nothing refuses %s:%d to %s:%d at %s", f.Src, f.SrcPort, f.Dst, f.DstPort, e.name)
	}
	return f, nil
}

// way names the direction of a record.
func way(r *row) string {
	if r.egress {
		return "egress"
	}
	return "ingress"
}

// vpcNumber returns the number of an interface's VPC.
func (e *eni) vpcNumber(w *world) int { return slices.Index(w.vpcs, e.subnet.vpc) }

// groupNumber returns the number of a VPC's security group.
func groupNumber(name string, vpc int) int {
	return slices.IndexFunc(securityGroups, func(g securityGroup) bool { return g.name == name && g.vpc == vpc })
}

// deniedBy returns the name of the network ACL's entry that decides of a record's packets,
// and whether it denies them. It is not asked within a subnet.
func (g *Generator) deniedBy(e *eni, r *row, far address) (entry string, denied bool) {
	if far.eni != 0 && g.w.enis[far.eni-1].subnet == e.subnet {
		return "", false
	}
	lists := networkACLs(int64(r.start) >= g.changed().Unix())
	n := slices.IndexFunc(lists, func(a networkACL) bool { return a.name == e.subnet.acl })
	rules := lists[n].in
	if r.egress {
		rules = lists[n].out
	}
	number := "*"
	denied = true
	for _, x := range rules {
		ported := x.protocol == tcp || x.protocol == udp
		if (x.protocol == -1 || x.protocol == int(r.protocol)) && netip.MustParsePrefix(x.cidr).Contains(far.ip) &&
			(!ported || x.from <= int(r.dstPort) && int(r.dstPort) <= x.to) {
			number, denied = strconv.Itoa(x.number), !x.allow
			break
		}
	}
	return awsID(g.cfg.Seed, "acl", uint64(n)) + ":" + way(r) + ":" + number, denied
}

// letBy reports whether a rule of an interface's groups lets a record's packets pass.
func (w *world) letBy(e *eni, r *row, far address) bool {
	for _, name := range e.fleet.groups {
		g := securityGroups[groupNumber(name, e.vpcNumber(w))]
		rules := g.in
		if r.egress {
			rules = g.out
		}
		for _, x := range rules {
			if x.of(r) && slices.ContainsFunc(strings.Fields(x.peers), func(peer string) bool { return w.isPeer(peer, e, far) }) {
				return true
			}
		}
	}
	return false
}

// of reports whether a rule is about a record's protocol and port.
func (x rule) of(r *row) bool {
	number, ok := map[string]uint8{"tcp": tcp, "udp": udp, "icmp": icmp}[x.protocol]
	return !ok || number == r.protocol && (number == icmp || x.from <= int(r.dstPort) && int(r.dstPort) <= x.to)
}

// isPeer reports whether an address is the peer of a rule: in its network, or of an
// interface in the VPC that is in its group.
func (w *world) isPeer(peer string, at *eni, far address) bool {
	if name, ok := strings.CutPrefix(peer, "sg:"); ok {
		if far.eni == 0 {
			return false
		}
		e := w.enis[far.eni-1]
		return e.subnet.vpc == at.subnet.vpc && slices.Contains(e.fleet.groups, name)
	}
	return netip.MustParsePrefix(peer).Contains(far.ip)
}

// changed returns when the network ACL of the story is changed.
func (g *Generator) changed() time.Time {
	return g.cfg.Start.Add(time.Duration(g.plan.minuteAt(aclChange)) * time.Minute)
}
