package synth

import (
	"strconv"

	"weir/flowlog"
)

// status is a record's log-status.
type status uint8

const (
	statusOK status = iota
	statusNoData
	statusSkipData
)

// Protocol numbers of IANA.
const (
	icmp   = 1
	tcp    = 6
	udp    = 17
	icmpv6 = 58
)

// TCP flags as flow logs report them: ACK only together with SYN (VPC user
// guide, tcp-flags).
const (
	fin    = 1
	syn    = 2
	rst    = 4
	synAck = 18
)

// Values of traffic-path.
const (
	pathVPC      = 1
	pathEndpoint = 7 // gateway endpoint
	pathInternet = 8
)

// row is one record before it is written. Addresses are numbers of the book.
type row struct {
	order            uint64 // random: sorts the rows of a slot
	batch            uint32 // scattered; rows of a batch stand in one object
	vantage          uint32 // index of the interface that recorded it
	hop              uint32 // the next hop's index counted from 1; 0 for none
	src, dst         uint32
	pktSrc, pktDst   uint32
	start, end       uint32 // seconds since the epoch
	packets          uint32
	srcPort, dstPort uint16
	bytes            uint64
	// At a transit gateway: packets that a blackhole route swallowed, and
	// packets that no route was there for.
	blackhole, noRoute uint32
	protocol, tcpFlags uint8
	path               uint8 // traffic-path, 0 for none
	status             status
	reject, egress     bool
	// reply says that it goes from server to client, late that its connection was closed.
	reply, late bool
	story       uint8 // number of the story whose question it answers, from 1
}

// columns writes rows as text in a format.
type columns struct {
	vantages []*[flowlog.NumFields]string
	book     *book
	fields   []*flowlog.Field // nil for a field that flowlog does not know
	version  string
}

// newColumns prepares a format; vantages holds the constant fields of each
// recording interface.
func newColumns(f flowlog.Format, b *book, vantages []*[flowlog.NumFields]string) *columns {
	c := &columns{vantages: vantages, book: b, version: strconv.Itoa(f.RecordVersion())}
	for i := range f.Len() {
		fd, _ := f.Field(i)
		c.fields = append(c.fields, fd)
	}
	return c
}

// append appends the row as a line with its line end.
func (c *columns) append(dst []byte, r *row) []byte {
	for _, f := range c.fields {
		switch {
		case f == nil, r.status != statusOK && f.Traffic:
			dst = append(dst, '-')
		case c.vantages[r.vantage][f.ID] != "":
			dst = append(dst, c.vantages[r.vantage][f.ID]...)
		default:
			dst = c.appendField(dst, r, f.ID)
		}
		dst = append(dst, ' ')
	}
	dst[len(dst)-1] = '\n'
	return dst
}

// appendField appends a field that varies.
func (c *columns) appendField(dst []byte, r *row, id flowlog.FieldID) []byte {
	switch id {
	case flowlog.Version:
		return append(dst, c.version...)
	case flowlog.SrcAddr:
		return append(dst, c.book.entries[r.src].text...)
	case flowlog.DstAddr:
		return append(dst, c.book.entries[r.dst].text...)
	case flowlog.SrcPort:
		return strconv.AppendUint(dst, uint64(r.srcPort), 10)
	case flowlog.DstPort:
		return strconv.AppendUint(dst, uint64(r.dstPort), 10)
	case flowlog.Protocol:
		return strconv.AppendUint(dst, uint64(r.protocol), 10)
	case flowlog.Packets:
		return strconv.AppendUint(dst, uint64(r.packets), 10)
	case flowlog.Bytes:
		return strconv.AppendUint(dst, r.bytes, 10)
	case flowlog.Start:
		return strconv.AppendUint(dst, uint64(r.start), 10)
	case flowlog.End:
		return strconv.AppendUint(dst, uint64(r.end), 10)
	case flowlog.TCPFlags:
		return strconv.AppendUint(dst, uint64(r.tcpFlags), 10)
	case flowlog.PacketsLostNoRoute:
		return strconv.AppendUint(dst, uint64(r.noRoute), 10)
	case flowlog.PacketsLostBlackhole:
		return strconv.AppendUint(dst, uint64(r.blackhole), 10)
	case flowlog.PacketsLostMTUExceeded, flowlog.PacketsLostTTLExpired:
		return append(dst, '0')
	default:
		if s := c.word(r, id); s != "" {
			return append(dst, s...)
		}
		return append(dst, '-')
	}
}

// word returns a text field that varies, "" where it is absent.
func (c *columns) word(r *row, id flowlog.FieldID) string {
	switch id {
	case flowlog.Action:
		if r.reject {
			return "REJECT"
		}
		return "ACCEPT"
	case flowlog.LogStatus:
		return [...]string{"OK", "NODATA", "SKIPDATA"}[r.status]
	case flowlog.TrafficType:
		if c.book.entries[r.src].ip.Is4() {
			return "IPv4"
		}
		return "IPv6"
	case flowlog.PktSrcAddr:
		return c.book.entries[r.pktSrc].text
	case flowlog.PktDstAddr:
		return c.book.entries[r.pktDst].text
	case flowlog.PktSrcAWSService:
		return c.book.entries[r.pktSrc].service
	case flowlog.PktDstAWSService:
		return c.book.entries[r.pktDst].service
	case flowlog.FlowDirection:
		if r.egress {
			return "egress"
		}
		return "ingress"
	case flowlog.TrafficPath:
		return [...]string{0: "", pathVPC: "1", pathEndpoint: "7", pathInternet: "8"}[r.path]
	case flowlog.EncryptionStatus:
		return c.encryption(r)
	default:
		return c.nextHop(r, id)
	}
}

// encryption returns the encryption status: the Nitro system encrypts between
// instances of the VPC; TLS to a gateway endpoint counts as the application's.
func (c *columns) encryption(r *row) string {
	switch {
	case c.book.entries[r.pktSrc].service == "S3" || c.book.entries[r.pktDst].service == "S3":
		return "2"
	case r.hop != 0 && c.book.entries[r.src].eni != 0 && c.book.entries[r.dst].eni != 0:
		return "1"
	}
	return "0"
}

// nextHop returns a field of the next hop, "" where there is no such interface.
func (c *columns) nextHop(r *row, id flowlog.FieldID) string {
	if r.hop == 0 {
		return ""
	}
	hop := c.vantages[r.hop-1]
	switch id {
	case flowlog.NextHopInterfaceID:
		return hop[flowlog.InterfaceID]
	case flowlog.NextHopSubnetID:
		return hop[flowlog.SubnetID]
	case flowlog.NextHopAZID:
		return hop[flowlog.AZID]
	case flowlog.NextHopVPCID:
		return hop[flowlog.VPCID]
	case flowlog.NextHopInterfaceType:
		return hop[flowlog.InterfaceType]
	default:
		return ""
	}
}
