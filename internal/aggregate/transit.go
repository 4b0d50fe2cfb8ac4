package aggregate

import (
	"net/netip"

	"weir/flowlog"
)

// An Attachment is what records tell of a transit gateway attachment beside its id. What is "" is not known, and is left out.
type Attachment struct {
	// TransitGateway is the id of the transit gateway, Account its owner and Region where it is.
	TransitGateway, Account, Region string
	// VPCAccount, VPC, Subnet, ENI and AZID are of the VPC that is attached, and of the attachment's own network interface there.
	VPCAccount, VPC, Subnet, ENI, AZID string
	// Service tells the service of AWS that has an address, as pkt-src-aws-service names it, "" where none or nobody knows; nil: nobody knows.
	Service func(netip.Addr) string
}

// Transit is what records of transit gateways have that is not of their flows.
type Transit struct {
	// Version is their version, and ResourceType that of the flow log: TransitGateway or TransitGatewayAttachment.
	Version      int
	ResourceType string
	// About tells of attachments by id; nil: nothing is known.
	About func(id string) *Attachment
	// Pairs tells the attachment at the other side of a flow.
	Pairs *Pairs
}

// AppendTransitRecords appends the records of a window whose interfaces are transit gateway attachments to a batch of transit gateway flow logs. Ingress is what comes from an attachment into
// the transit gateway. The source's fields are of the attachment by which packets came in, the destination's of that by which they left; what is not known of one is left out.
//
// Packets that were lost are among the packets of the record, and told where the flow tells its losses: of what left there are none.
//
// Source: VPC Transit Gateways guide, "Transit Gateway Flow Log records"; spec a.5. That subnet and zone are those of the attachment's network interface, and not of the packets' ends, is a guess: the guide
// says "of the transit gateway source traffic".
func AppendTransitRecords(b *flowlog.Batch, w *Window, t *Transit) error {
	for i := range w.Rows {
		row := &w.Rows[i]
		set := t.begin(b, row.Interface, seconds(row.First), seconds(row.Last), "OK")
		pair := t.Pairs.Of(row)
		set.text(flowlog.TGWPairAttachmentID, pair)
		from, to := row.Interface, pair
		if row.Egress {
			from, to = to, from
		}
		set.ends(t.About(from), t.About(to))
		set.addr(flowlog.SrcAddr, row.Src)
		set.addr(flowlog.DstAddr, row.Dst)
		set.num(flowlog.SrcPort, int64(row.SrcPort))
		set.num(flowlog.DstPort, int64(row.DstPort))
		set.num(flowlog.Protocol, int64(row.Protocol))
		set.num(flowlog.Packets, row.Packets)
		set.num(flowlog.Bytes, row.Bytes)
		set.num(flowlog.TCPFlags, flagsOf(row.Flags))
		set.text(flowlog.TrafficType, typeOf(row.Src))
		set.text(flowlog.FlowDirection, direction(row.Egress))
		if row.TellsLosses {
			for loss, field := range lostFields {
				set.num(field, row.Lost[loss])
			}
		}
		if a := t.About(row.Interface); a != nil && a.Service != nil {
			set.text(flowlog.PktSrcAWSService, a.Service(row.Src))
			set.text(flowlog.PktDstAWSService, a.Service(row.Dst))
		}
		if set.err != nil {
			return set.err
		}
	}
	for _, of := range []struct {
		status string
		ids    []string
	}{{"SKIPDATA", w.Skipped}, {"NODATA", w.Idle}} {
		for _, id := range of.ids {
			if set := t.begin(b, id, w.Start, w.End, of.status); set.err != nil {
				return set.err
			}
		}
	}
	return nil
}

// lostFields are the fields of losses.
var lostFields = [losses]flowlog.FieldID{
	LostNoRoute: flowlog.PacketsLostNoRoute, LostBlackhole: flowlog.PacketsLostBlackhole, LostMTUExceeded: flowlog.PacketsLostMTUExceeded, LostTTLExpired: flowlog.PacketsLostTTLExpired,
}

// begin appends a record with what all have.
func (t *Transit) begin(b *flowlog.Batch, id string, start, end int64, status string) *setter {
	s := &setter{r: b.Append()}
	s.num(flowlog.Version, int64(t.Version))
	s.text(flowlog.ResourceType, t.ResourceType)
	s.num(flowlog.Start, start)
	s.num(flowlog.End, end)
	s.text(flowlog.LogStatus, status)
	s.text(flowlog.TGWAttachmentID, id)
	if a := t.About(id); a != nil {
		s.text(flowlog.TGWID, a.TransitGateway)
		s.text(flowlog.AccountID, a.Account)
		s.text(flowlog.Region, a.Region)
	}
	return s
}

// ends sets what is told of the two attachments; nil: nothing is.
func (s *setter) ends(src, dst *Attachment) {
	if src != nil {
		s.text(flowlog.TGWSrcVPCAccountID, src.VPCAccount)
		s.text(flowlog.TGWSrcVPCID, src.VPC)
		s.text(flowlog.TGWSrcSubnetID, src.Subnet)
		s.text(flowlog.TGWSrcENI, src.ENI)
		s.text(flowlog.TGWSrcAZID, src.AZID)
	}
	if dst != nil {
		s.text(flowlog.TGWDstVPCAccountID, dst.VPCAccount)
		s.text(flowlog.TGWDstVPCID, dst.VPC)
		s.text(flowlog.TGWDstSubnetID, dst.Subnet)
		s.text(flowlog.TGWDstENI, dst.ENI)
		s.text(flowlog.TGWDstAZID, dst.AZID)
	}
}
