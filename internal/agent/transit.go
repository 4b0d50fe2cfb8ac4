package agent

import (
	"fmt"
	"net/netip"

	"weir/flowlog"
	"weir/internal/agent/config"
	"weir/internal/aggregate"
	"weir/internal/capture"
	"weir/internal/netmodel"
)

// connect is the kind of a Connect attachment.
const connect = "connect"

// ofConnect says what is wrong with a Connect attachment, and what to name in its place.
func ofConnect(a *netmodel.TransitGatewayAttachment) error {
	const what = "%s is a Connect attachment: flow logs have its traffic at the transport attachment"
	if a.Transport == "" {
		return fmt.Errorf(what, a.ID)
	}
	return fmt.Errorf(what+", %s: say that one", a.ID, a.Transport)
}

// attachable fails where packets of a transit gateway attachment can't be recorded. A Connect attachment has no packets of its own.
//
// Source: VPC Transit Gateways guide, "Flow logs limitations": traffic of Connect attachments is in flow logs of the transport attachment; spec a.5.
func (n *network) attachable(id string) error {
	a := n.TransitGatewayAttachments[id]
	switch {
	case a == nil:
		return fmt.Errorf("there is no transit gateway attachment %s in the definition", id)
	case a.Kind == connect:
		return ofConnect(a)
	case a.Far.TransitGateway != "":
		return fmt.Errorf("the definition has %s of %s and of %s, and does not say which of them this host is: leave the other one out of the definition that this agent is told", id, a.TransitGateway, a.Far.TransitGateway)
	case n.TransitGateways[a.TransitGateway] == nil:
		return fmt.Errorf("the transit gateway of %s, %q, is not in the definition: it is one of transit-gateways there, or of the answer of describe-transit-gateways", id, a.TransitGateway)
	}
	return nil
}

// refusal returns why a device can't be the attachment of an element of the config, "" where it can.
func (n *network) refusal(in *config.Interface) string {
	if err := n.attachable(in.Attachment); err != nil {
		return err.Error()
	}
	return ""
}

// tellsLosses reports whether it is told what of the packets that come in by a device the host can't forward: of attachments whose device is of the agent's own network namespace,
// is the router's own end, and belongs to no other one, since the kernel tells drops of that one then. Elsewhere packets-lost fields are left out.
func (a *agent) tellsLosses(m *Match) bool {
	if a.network.gatewayOf(m.Interface) == "" || m.Cookie != 0 || m.Master != 0 || m.Flipped {
		return false
	}
	if a.forwards == nil {
		err := a.program.Forwards()
		if err != nil {
			a.Log.Warn("it is not told what the transit gateway can't forward: packets-lost fields are left out", "error", err)
		}
		forwards := err == nil
		a.forwards = &forwards
	}
	return *a.forwards
}

// gatewayOwner returns whose a transit gateway is, or that of an attachment, and where. Who makes a flow log of one has to be its owner; spec a.5.
func (n *network) gatewayOwner(id string) (account, region string, err error) {
	if a := n.TransitGatewayAttachments[id]; a != nil {
		if a.Kind == connect {
			return "", "", ofConnect(a)
		}
		id = a.TransitGateway
	}
	g := n.TransitGateways[id]
	if g == nil {
		return "", "", fmt.Errorf("there is no transit gateway or attachment %s in the definition", id)
	}
	return g.Account, g.Region, nil
}

// aboutAttachment returns what records tell of an attachment.
func (n *network) aboutAttachment(id string) *aggregate.Attachment {
	a, ok := n.attached[id]
	if !ok {
		a = capture.AboutAttachment(n.Network, id, n.service)
		n.attached[id] = a
	}
	return a
}

// gatewayOf returns the transit gateway of an attachment, "" of what is none.
func (n *network) gatewayOf(id string) string {
	if a := n.TransitGatewayAttachments[id]; a != nil {
		return a.TransitGateway
	}
	return ""
}

// way is a direction at an interface.
type way struct {
	id     string
	egress bool
}

// goesAround reports whether packets at the device of an attachment are none that a transit gateway forwards: they are of the link alone (neighbour discovery, DHCP, what has no address yet), or multicast, which
// flow logs of transit gateways leave out. Source: VPC Transit Gateways guide, "Flow logs limitations"; spec a.5. That AWS has none of the link is a guess: its links are not seen.
func (n *network) goesAround(f *aggregate.Flow) bool {
	return n.gatewayOf(f.Interface) != "" && (ofLink(f.Src) || ofLink(f.Dst))
}

// ofLink reports whether an address has a meaning on a link alone, or is of many.
func ofLink(a netip.Addr) bool {
	return a.IsMulticast() || a.IsLinkLocalUnicast() || a.IsUnspecified() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// sawAround counts packets at devices of attachments that no flow log has.
func (c *Counters) sawAround(around map[way]int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for at, packets := range around {
		d := directions[0]
		if at.egress {
			d = directions[1]
		}
		c.add(unlogged, float64(packets), at.id, d)
	}
}

// recordsOf returns the records of a part of a window that a flow log has.
func (r *recorder) recordsOf(l *config.FlowLog, part *aggregate.Window, pairs *aggregate.Pairs) (*flowlog.Batch, error) {
	b := flowlog.NewBatch(l.Kind())
	if !l.OfTransit() {
		return b, aggregate.AppendRecords(b, part, l.Format.RecordVersion(), r.network.about)
	}
	of := "TransitGateway"
	if r.network.TransitGatewayAttachments[l.Resource] != nil {
		of = "TransitGatewayAttachment"
	}
	return b, aggregate.AppendTransitRecords(b, part, &aggregate.Transit{Version: l.Format.RecordVersion(), ResourceType: of, About: r.network.aboutAttachment, Pairs: pairs})
}
