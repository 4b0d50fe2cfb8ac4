package aggregate

import (
	"net/netip"
	"time"

	"weir/flowlog"
)

// An Interface is what records tell of a network interface beside its id. What is "" or invalid is not known, and is left out.
type Interface struct {
	Account, Region, VPC, Subnet, AZID, Instance string
	// Type is the interface-type of AWS's records: nat_gateway, network_load_balancer...
	Type string
	// Address is its primary private IPv4 address.
	Address netip.Addr
	// Next tells where packets that leave go next, or where those that come in came from; nil: nobody knows.
	Next func(egress bool, src, dst netip.Addr) Next
	// Service tells the service of AWS that has an address, as pkt-src-aws-service names it, "" where none or nobody knows; nil: nobody knows.
	Service func(netip.Addr) string
}

// A Next is what records tell of the interface to which packets go next, or from which they came. What is "" is not known, and is left out.
type Next struct {
	// Path is the traffic-path; 0: none.
	Path                               int
	Interface, Subnet, AZID, VPC, Type string
}

// AppendRecords appends the records of a window to a batch of VPC flow logs, with version as their version. about tells of interfaces by id.
//
// Own addresses: a record's srcaddr (of egress) or dstaddr (of ingress) is the interface's primary private IPv4 address, whatever address of
// that family the packet has; pkt-srcaddr and pkt-dstaddr are the packet's, or on this side what is behind the interface where the host translates addresses. Source: VPC user
// guide, "Flow log records": they are "the packet-level (original)" ones; spec b.6.
func AppendRecords(b *flowlog.Batch, w *Window, version int, about func(id string) *Interface) error {
	for i := range w.Rows {
		row := &w.Rows[i]
		set := begin(b, version, row.Interface, about, seconds(row.First), seconds(row.Last), "OK")
		src, dst := row.Src, row.Dst
		from, to := row.Src, row.Dst
		if row.Directed && row.Behind.IsValid() {
			if row.Egress {
				from = row.Behind
			} else {
				to = row.Behind
			}
		}
		if eni := set.eni; eni != nil && row.Directed && eni.Address.IsValid() {
			if row.Egress && src.Is4() {
				src = eni.Address
			}
			if !row.Egress && dst.Is4() {
				dst = eni.Address
			}
		}
		set.addr(flowlog.SrcAddr, src)
		set.addr(flowlog.DstAddr, dst)
		set.addr(flowlog.PktSrcAddr, from)
		set.addr(flowlog.PktDstAddr, to)
		set.num(flowlog.SrcPort, int64(row.SrcPort))
		set.num(flowlog.DstPort, int64(row.DstPort))
		set.num(flowlog.Protocol, int64(row.Protocol))
		set.num(flowlog.Packets, row.Packets)
		set.num(flowlog.Bytes, row.Bytes)
		set.num(flowlog.TCPFlags, flagsOf(row.Flags))
		set.text(flowlog.TrafficType, typeOf(row.Src))
		set.text(flowlog.Action, row.Action)
		if row.Directed {
			set.text(flowlog.FlowDirection, direction(row.Egress))
			set.next(row)
		}
		set.services(from, to)
		set.text(flowlog.WeirRejectStage, row.Stage)
		set.text(flowlog.WeirRejectRule, row.RejectRule)
		set.text(flowlog.WeirAllowRules, row.AllowRules)
		set.text(flowlog.WeirWouldAction, row.WouldAction)
		if set.err != nil {
			return set.err
		}
	}
	for _, of := range []struct {
		status string
		ids    []string
	}{{"SKIPDATA", w.Skipped}, {"NODATA", w.Idle}} {
		for _, id := range of.ids {
			if set := begin(b, version, id, about, w.Start, w.End, of.status); set.err != nil {
				return set.err
			}
		}
	}
	return nil
}

// setter sets fields of a record until one fails.
type setter struct {
	r   flowlog.Record
	eni *Interface
	err error
}

// begin appends a record with what all have.
func begin(b *flowlog.Batch, version int, id string, about func(string) *Interface, start, end int64, status string) *setter {
	s := &setter{r: b.Append()}
	s.num(flowlog.Version, int64(version))
	s.num(flowlog.Start, start)
	s.num(flowlog.End, end)
	s.text(flowlog.LogStatus, status)
	s.text(flowlog.InterfaceID, id)
	if s.eni = about(id); s.eni == nil {
		return s
	}
	s.text(flowlog.AccountID, s.eni.Account)
	s.text(flowlog.Region, s.eni.Region)
	s.text(flowlog.VPCID, s.eni.VPC)
	s.text(flowlog.SubnetID, s.eni.Subnet)
	s.text(flowlog.AZID, s.eni.AZID)
	s.text(flowlog.InstanceID, s.eni.Instance)
	s.text(flowlog.InterfaceType, s.eni.Type)
	return s
}

// next sets the fields of where packets go next, or came from. What was refused went nowhere; where it came from is told.
func (s *setter) next(row *Row) {
	if s.eni == nil || s.eni.Next == nil || row.Egress && row.Action != "ACCEPT" {
		return
	}
	n := s.eni.Next(row.Egress, row.Src, row.Dst)
	if row.Egress && n.Path != 0 {
		s.num(flowlog.TrafficPath, int64(n.Path))
	}
	s.text(flowlog.NextHopInterfaceID, n.Interface)
	s.text(flowlog.NextHopSubnetID, n.Subnet)
	s.text(flowlog.NextHopAZID, n.AZID)
	s.text(flowlog.NextHopVPCID, n.VPC)
	s.text(flowlog.NextHopInterfaceType, n.Type)
}

// services sets the services of AWS that have pkt-srcaddr and pkt-dstaddr.
func (s *setter) services(from, to netip.Addr) {
	if s.eni != nil && s.eni.Service != nil {
		s.text(flowlog.PktSrcAWSService, s.eni.Service(from))
		s.text(flowlog.PktDstAWSService, s.eni.Service(to))
	}
}

func (s *setter) num(f flowlog.FieldID, v int64) {
	if s.err == nil {
		s.err = s.r.SetInt(f, v)
	}
}

func (s *setter) text(f flowlog.FieldID, v string) {
	if s.err == nil && v != "" {
		s.err = s.r.SetText(f, v)
	}
}

func (s *setter) addr(f flowlog.FieldID, a netip.Addr) {
	if s.err == nil {
		s.err = s.r.SetAddr(f, a)
	}
}

// TCP's flags that records have.
const (
	finSynRst = 0x07
	syn       = 0x02
	ack       = 0x10
)

// flagsOf returns the tcp-flags of a record: FIN, SYN and RST, and ACK only beside SYN.
//
// Source: VPC user guide, "tcp-flags"; spec b.4. Flags come here as the OR of all packets of the window, where AWS's rule is of each packet: a SYN
// without ACK and an ACK later are 2 there. So what adds packets up gives ACK only for packets that have SYN too: see [PacketFlags].
func flagsOf(flags uint8) int64 { return int64(flags & (finSynRst | ack)) }

// PacketFlags returns what of a packet's TCP flags counts for a record.
func PacketFlags(flags uint8) uint8 {
	if flags&syn == 0 {
		return flags & finSynRst
	}
	return flags & (finSynRst | ack)
}

func typeOf(a netip.Addr) string {
	if a.Is4() {
		return "IPv4"
	}
	return "IPv6"
}

func direction(egress bool) string {
	if egress {
		return "egress"
	}
	return "ingress"
}

// seconds returns a time in seconds of one in nanoseconds.
func seconds(ns int64) int64 { return floor(ns, int64(time.Second)) / int64(time.Second) }
