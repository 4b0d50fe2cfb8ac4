package synth

import (
	"fmt"
	"testing"

	"weir/flowlog"
)

// TestWindows checks what the times of records promise: each interface ends its
// windows at a second of its own, and a record lies within one window.
func TestWindows(t *testing.T) {
	c := small()
	c.Records, c.Format = 200_000, wide(t)
	phases := map[string]map[int64]int{}
	single := 0
	last := c.Start.Add(c.Duration).Unix() - 1
	each(t, c, func(_ Object, r flowlog.Record) {
		start, end := num(r, flowlog.Start), num(r, flowlog.End)
		if start > end || end-start > 60 || start < c.Start.Unix() || end > last {
			t.Fatalf("a record from %d to %d", start, end)
		}
		if start == end && num(r, flowlog.Packets) == 1 && text(r, flowlog.InstanceID) == "" {
			single++ // the packet's own time
			return
		}
		if end == last {
			return // the logs end within the window
		}
		id := text(r, flowlog.InterfaceID)
		if phases[id] == nil {
			phases[id] = map[int64]int{}
		}
		phases[id][end%60]++
	})
	seconds := map[int64]bool{}
	for id, p := range phases {
		if len(p) != 1 {
			t.Errorf("%s: windows end at the seconds %v", id, p)
		}
		for s := range p {
			seconds[s] = true
		}
	}
	if len(phases) != 200 {
		t.Errorf("%d interfaces", len(phases))
	}
	if single == 0 || len(seconds) < 40 {
		t.Errorf("%d records of one packet, windows at %d different seconds", single, len(seconds))
	}
}

// window names an interface's window.
type window struct {
	eni string
	end int64
}

// TestQuiet checks that no interface had traffic in a window of which it reports
// NODATA, and that each such window is reported once.
func TestQuiet(t *testing.T) {
	c := small()
	c.Records = 300_000
	busy, quiet := map[window]bool{}, map[window]int{}
	each(t, c, func(_ Object, r flowlog.Record) {
		w := window{text(r, flowlog.InterfaceID), num(r, flowlog.End)}
		switch text(r, flowlog.LogStatus) {
		case "NODATA":
			quiet[w]++
			for _, f := range []flowlog.FieldID{flowlog.SrcAddr, flowlog.DstPort, flowlog.Bytes, flowlog.Action} {
				if r.Has(f) {
					t.Errorf("NODATA with %s", flowlog.FieldByID(f).Name)
				}
			}
		case "OK":
			busy[w] = true
		}
	})
	for w, n := range quiet {
		if busy[w] || n != 1 {
			t.Errorf("%v: NODATA %d times, busy: %v", w, n, busy[w])
		}
	}
	if len(quiet) < 2000 {
		t.Errorf("%d quiet windows", len(quiet))
	}
}

// TestFlowsOnce checks that a flow has one record for each window of an
// interface. Ports are drawn at random, so a few can meet by chance.
func TestFlowsOnce(t *testing.T) {
	c := small()
	c.Records = 300_000
	type flow struct {
		window
		src, dst, srcPort, dstPort, protocol, action string
	}
	seen, twice, ping := map[flow]bool{}, 0, 0
	each(t, c, func(_ Object, r flowlog.Record) {
		x := flow{
			window{text(r, flowlog.InterfaceID), num(r, flowlog.End)},
			text(r, flowlog.SrcAddr), text(r, flowlog.DstAddr),
			text(r, flowlog.SrcPort), text(r, flowlog.DstPort), text(r, flowlog.Protocol), text(r, flowlog.Action),
		}
		if num(r, flowlog.Protocol) == icmp {
			ping++
		}
		if seen[x] {
			if twice++; num(r, flowlog.Protocol) == icmp {
				t.Errorf("ICMP twice: %v", x)
			}
		}
		seen[x] = true
	})
	if twice > 30 || ping < 1000 {
		t.Errorf("%d records of flows that have one already, %d of ICMP", twice, ping)
	}
}

// TestFields checks how the fields of a record hang together, in the format of
// all fields.
func TestFields(t *testing.T) {
	c := small()
	c.Format = wide(t)
	g, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	byID, byText := map[string]*eni{}, map[string]*eni{}
	for _, e := range g.w.enis {
		byID[e.id] = e
		byText[g.w.book.entries[e.v4].text] = e
		if e.v6 != 0 {
			byText[g.w.book.entries[e.v6].text] = e
		}
	}
	seen := map[string]int{}
	each(t, c, func(_ Object, r flowlog.Record) {
		e := byID[text(r, flowlog.InterfaceID)]
		if e == nil {
			t.Fatalf("no interface %s", text(r, flowlog.InterfaceID))
		}
		if fault := faultOf(r, e, byText, seen); fault != "" {
			t.Fatalf("%s: %s", fault, flowlog.AppendText(nil, r, c.Format))
		}
	})
	for _, what := range []string{
		"egress", "ingress", "path 1", "path 7", "path 8", "IPv6", "S3", "AMAZON", "hop of type nat_gateway", "service app",
		"flags 0", "flags 1", "flags 2", "flags 3", "flags 7", "flags 18", "flags 19", "encryption 0", "encryption 1", "encryption 2",
	} {
		if seen[what] == 0 {
			t.Errorf("no record with %s", what)
		}
	}
}

// faultOf returns what is wrong with a record of interface e, "" for nothing. It
// counts in seen what it met.
func faultOf(r flowlog.Record, e *eni, byText map[string]*eni, seen map[string]int) string {
	for f, want := range map[flowlog.FieldID]string{
		flowlog.Version: "11", flowlog.AccountID: "123456789012", flowlog.VPCID: e.subnet.vpc.id, flowlog.SubnetID: e.subnet.id,
		flowlog.Region: "us-east-1", flowlog.AZID: fmt.Sprintf("use1-az%d", e.subnet.zone+1), flowlog.InstanceID: e.inst,
		flowlog.SublocationID: "", flowlog.RejectReason: "", flowlog.ResourceID: "", flowlog.InterfaceTag: e.name,
	} {
		if got := text(r, f); got != want {
			return fmt.Sprintf("%s is %q, not %q", flowlog.FieldByID(f).Name, got, want)
		}
	}
	if text(r, flowlog.LogStatus) != "OK" {
		for _, f := range flowlog.Fields(flowlog.KindVPC) {
			if f.Traffic && r.Has(f.ID) {
				return f.Name + " is there"
			}
		}
		return ""
	}
	seen[text(r, flowlog.FlowDirection)]++
	seen[text(r, flowlog.TrafficType)]++
	seen["path "+text(r, flowlog.TrafficPath)]++
	seen["flags "+text(r, flowlog.TCPFlags)]++
	seen["encryption "+text(r, flowlog.EncryptionStatus)]++
	seen[text(r, flowlog.PktSrcAWSService)]++
	seen["hop of type "+text(r, flowlog.NextHopInterfaceType)]++
	seen["service "+text(r, flowlog.ECSServiceName)]++
	src, dst := byText[text(r, flowlog.SrcAddr)], byText[text(r, flowlog.DstAddr)]
	switch text(r, flowlog.FlowDirection) {
	case "egress":
		if src != e || !r.Has(flowlog.TrafficPath) {
			return "an outgoing record of another interface, or without a path"
		}
		if hop := text(r, flowlog.NextHopInterfaceID); (hop != "") != (num(r, flowlog.TrafficPath) == 1) {
			return "the next hop and the path contradict each other"
		}
	case "ingress":
		if dst != e || r.Has(flowlog.TrafficPath) {
			return "an incoming record to another interface, or with a path"
		}
	default:
		return "no direction"
	}
	if num(r, flowlog.Protocol) != tcp && num(r, flowlog.TCPFlags) != 0 {
		return "TCP flags without TCP"
	}
	if num(r, flowlog.Packets) < 1 || num(r, flowlog.Bytes) < 28*num(r, flowlog.Packets) {
		return "bytes and packets contradict each other"
	}
	intermediate := text(r, flowlog.PktSrcAddr) != text(r, flowlog.SrcAddr) || text(r, flowlog.PktDstAddr) != text(r, flowlog.DstAddr)
	if intermediate && e.role != roleNAT {
		return "the packet's addresses differ at an interface that is no NAT gateway"
	}
	return ""
}

// TestNAT checks that each connection that a host opens through a NAT gateway
// leaves two records at the host and four at the gateway.
func TestNAT(t *testing.T) {
	c := small()
	c.Format = wide(t)
	g, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	gateways := map[string]bool{}
	for _, e := range g.w.byRole[roleNAT] {
		gateways[e.id] = true
	}
	type tuple struct{ inside, port, outside, counters string }
	atHost, atGateway, outer, replies := map[tuple]int{}, map[tuple]int{}, map[string]int{}, map[string]int{}
	each(t, c, func(_ Object, r flowlog.Record) {
		counters := text(r, flowlog.Packets) + "/" + text(r, flowlog.Bytes)
		inside := tuple{text(r, flowlog.SrcAddr), text(r, flowlog.SrcPort), text(r, flowlog.PktDstAddr), counters}
		accepted := text(r, flowlog.Action) == "ACCEPT"
		egress := text(r, flowlog.FlowDirection) == "egress"
		switch gateway := gateways[text(r, flowlog.InterfaceID)]; {
		case !accepted:
		case !gateway && egress && text(r, flowlog.NextHopInterfaceType) == "nat_gateway":
			atHost[inside]++
		case gateway && !egress && text(r, flowlog.PktDstAddr) != text(r, flowlog.DstAddr):
			atGateway[inside]++
		case gateway && egress && num(r, flowlog.TrafficPath) == 8:
			outer[text(r, flowlog.DstAddr)+counters]++
		case gateway && egress:
			replies[text(r, flowlog.PktSrcAddr)+text(r, flowlog.DstAddr)+text(r, flowlog.DstPort)]++
		}
	})
	if len(atHost) < 200 {
		t.Fatalf("%d connections through a NAT gateway", len(atHost))
	}
	for x, n := range atHost {
		if atGateway[x] != n || outer[x.outside+x.counters] < n || replies[x.outside+x.inside+x.port] < 1 {
			t.Errorf("%v: %d records at the host, %d at the gateway, %d outside, %d replies",
				x, n, atGateway[x], outer[x.outside+x.counters], replies[x.outside+x.inside+x.port])
		}
	}
}

// TestBothEnds checks that traffic between two interfaces is recorded at both,
// with the same counters, unless it was refused.
func TestBothEnds(t *testing.T) {
	c := small()
	c.Format = wide(t)
	type leg struct{ src, dst, srcPort, dstPort, packets, bytes string }
	out, in := map[leg]int{}, map[leg]int{}
	each(t, c, func(_ Object, r flowlog.Record) {
		if text(r, flowlog.Action) != "ACCEPT" || !r.Has(flowlog.NextHopInterfaceID) {
			return
		}
		x := leg{
			text(r, flowlog.SrcAddr), text(r, flowlog.DstAddr), text(r, flowlog.SrcPort), text(r, flowlog.DstPort),
			text(r, flowlog.Packets), text(r, flowlog.Bytes),
		}
		if text(r, flowlog.NextHopInterfaceType) == "nat_gateway" {
			return // the gateway's side has other addresses
		}
		if text(r, flowlog.InterfaceType) == "nat_gateway" {
			return
		}
		if text(r, flowlog.FlowDirection) == "egress" {
			out[x]++
		} else {
			in[x]++
		}
	})
	if len(in) < 5_000 {
		t.Fatalf("%d flows within the VPC", len(in))
	}
	for x, n := range in {
		if out[x] != n {
			t.Errorf("%v: %d records where it came from, %d where it went", x, out[x], n)
		}
	}
}

// TestGateway checks that each packet that the transit gateway delivers is
// recorded where it came in and where it went out.
func TestGateway(t *testing.T) {
	c := hour(20_000)
	c.Format = flowlog.DefaultFormat(flowlog.KindTGW)
	type leg struct{ src, dst, srcPort, dstPort, bytes string }
	in, out := map[leg]string{}, map[leg]string{}
	lost := 0
	each(t, c, func(_ Object, r flowlog.Record) {
		x := leg{text(r, flowlog.SrcAddr), text(r, flowlog.DstAddr), text(r, flowlog.SrcPort), text(r, flowlog.DstPort), text(r, flowlog.Bytes)}
		at, pair := text(r, flowlog.TGWAttachmentID), text(r, flowlog.TGWPairAttachmentID)
		if at == pair || num(r, flowlog.Version) != 6 {
			t.Fatalf("version %d, attachments %s and %s", num(r, flowlog.Version), at, pair)
		}
		if n := num(r, flowlog.PacketsLostBlackhole) + num(r, flowlog.PacketsLostNoRoute); n > 0 {
			if n != num(r, flowlog.Packets) || r.Has(flowlog.TGWDstVPCID) || pair != "" {
				t.Errorf("a lost flow with %d of %d packets, to %s", n, num(r, flowlog.Packets), text(r, flowlog.TGWDstVPCID))
			}
			lost++
			return
		}
		if text(r, flowlog.FlowDirection) == "ingress" {
			in[x] = at + pair
		} else {
			out[x] = pair + at
		}
	})
	if len(in) != len(out) || len(in) < 9_000 || lost == 0 {
		t.Errorf("%d flows in, %d out, %d lost", len(in), len(out), lost)
	}
	for x, attachments := range in {
		if out[x] != attachments {
			t.Errorf("%v: in at %s, out at %s", x, attachments, out[x])
		}
	}
}

// TestQuota checks that the parts of a quota add up and follow the weights.
func TestQuota(t *testing.T) {
	for _, total := range []int64{0, 1, 7, 1439, 1440, 10_000_000, 1 << 40} {
		q := newQuota(total, 60, 1440, daily(0))
		var sum int64
		for minute := range 1600 {
			n := q.at(minute)
			if n < 0 || n > 0 && (minute < 60 || minute >= 1500) {
				t.Fatalf("minute %d: %d", minute, n)
			}
			sum += n
		}
		if sum != total {
			t.Errorf("parts of %d add up to %d", total, sum)
		}
		if total > 1_000_000 && q.at(60+15*60) < 2*q.at(60+3*60) {
			t.Errorf("of %d, %d at 3 o'clock in the night and %d at 3 in the afternoon", total, q.at(60+3*60), q.at(60+15*60))
		}
	}
}

// TestShortRegion checks zone ids against those that AWS documents.
func TestShortRegion(t *testing.T) {
	for region, want := range map[string]string{
		"us-east-1": "use1", "us-west-2": "usw2", "eu-west-1": "euw1", "eu-central-1": "euc1", "eu-north-1": "eun1",
		"ap-southeast-2": "apse2", "ap-northeast-1": "apne1", "ap-south-1": "aps1", "sa-east-1": "sae1",
		"ca-central-1": "cac1", "me-south-1": "mes1", "af-south-1": "afs1", "us-gov-west-1": "usgw1",
	} {
		if got := shortRegion(region); got != want {
			t.Errorf("%s: %s, not %s", region, got, want)
		}
	}
}
