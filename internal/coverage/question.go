package coverage

import (
	"slices"

	"weir/flowlog"
)

// Unanswered is a question that some flow logs can't answer, since their records lack fields.
type Unanswered struct {
	// Fields are those that answer it, and which one of FlowLogs or more lack.
	Fields   []string `json:"fields"`
	Question string   `json:"question"`
	Source   string   `json:"source"`
	FlowLogs []string `json:"flow-logs"`
}

// question is what fields answer.
type question struct {
	kind   flowlog.Kind
	fields []flowlog.FieldID
	text   string
	source string
}

// Pages about fields.
const (
	pageRecords   = "VPC user guide, Flow log records"
	pageExamples  = "VPC user guide, Flow log record examples"
	pageTransit   = "Transit Gateway guide, Transit Gateway Flow Log records"
	pageSkipped   = pageExamples + ", no data and skipped records"
	pageThrough   = pageExamples + ", traffic through a NAT gateway and a transit gateway"
	pageFlags     = pageExamples + ", TCP flag sequence"
	pageNextHop   = pageRecords + ", next hop fields"
	pageECS       = pageRecords + ", ECS fields"
	pageEncrypted = pageRecords + ", encryption-status"
)

// questions are what can be asked, by the fields that it takes. Each field of AWS but version
// stands in one.
var questions = []question{
	{flowlog.KindVPC, []flowlog.FieldID{flowlog.LogStatus}, "whether records were lost (SKIPDATA), or there was no traffic (NODATA)", pageSkipped},
	{flowlog.KindVPC, []flowlog.FieldID{flowlog.Action}, "whether traffic was accepted or refused", pageRecords},
	{flowlog.KindVPC, []flowlog.FieldID{flowlog.SrcAddr, flowlog.DstAddr}, "between which addresses", pageRecords},
	{flowlog.KindVPC, []flowlog.FieldID{flowlog.SrcPort, flowlog.DstPort, flowlog.Protocol}, "of which service", pageRecords},
	{flowlog.KindVPC, []flowlog.FieldID{flowlog.Packets, flowlog.Bytes}, "how much", pageRecords},
	{flowlog.KindVPC, []flowlog.FieldID{flowlog.Start, flowlog.End}, "when", pageRecords},
	{flowlog.KindVPC, []flowlog.FieldID{flowlog.InterfaceID}, "at which ENI", pageRecords},
	{flowlog.KindVPC, []flowlog.FieldID{flowlog.AccountID, flowlog.VPCID, flowlog.SubnetID}, "in which account, VPC and subnet, but by the network's definition of that time", pageRecords},
	{flowlog.KindVPC, []flowlog.FieldID{flowlog.InstanceID}, "of which instance, but by the network's definition of that time", pageRecords},
	{flowlog.KindVPC, []flowlog.FieldID{flowlog.TCPFlags}, "who opened a TCP connection: a refused reply looks like a refused request", pageFlags},
	{flowlog.KindVPC, []flowlog.FieldID{flowlog.FlowDirection}, "whether it came in or went out, where the addresses do not tell", pageRecords},
	{flowlog.KindVPC, []flowlog.FieldID{flowlog.PktSrcAddr, flowlog.PktDstAddr}, "who is behind a NAT gateway, a transit gateway, or an ENI that forwards; which secondary address or pod", pageThrough},
	{flowlog.KindVPC, []flowlog.FieldID{flowlog.PktSrcAWSService, flowlog.PktDstAWSService}, "of which AWS service a public address was then", pageRecords},
	{flowlog.KindVPC, []flowlog.FieldID{flowlog.RejectReason}, "whether VPC Block Public Access or encryption controls refused it, and no rule", pageRecords},
	{flowlog.KindVPC, []flowlog.FieldID{flowlog.TrafficPath}, "which way it left the VPC: internet gateway, gateway endpoint, peering...", pageRecords},
	{flowlog.KindVPC, []flowlog.FieldID{flowlog.TrafficType}, "whether it was Elastic Fabric Adapter traffic", pageRecords},
	{flowlog.KindVPC, []flowlog.FieldID{flowlog.Region, flowlog.AZID}, "in which region and Availability Zone, but by the network's definition of that time", pageRecords},
	{flowlog.KindVPC, []flowlog.FieldID{flowlog.SublocationType, flowlog.SublocationID}, "in which Outpost, Local Zone or Wavelength Zone", pageRecords},
	{flowlog.KindVPC, []flowlog.FieldID{flowlog.ResourceID}, "at which regional NAT gateway", pageRecords},
	{flowlog.KindVPC, []flowlog.FieldID{flowlog.EncryptionStatus}, "whether it was encrypted", pageEncrypted},
	{flowlog.KindVPC, []flowlog.FieldID{flowlog.InterfaceType}, "whether the ENI is a gateway's, an endpoint's or a balancer's, but by the network's definition of that time", pageRecords},
	{flowlog.KindVPC, []flowlog.FieldID{
		flowlog.NextHopInterfaceID, flowlog.NextHopSubnetID, flowlog.NextHopAZID, flowlog.NextHopVPCID, flowlog.NextHopInterfaceType,
	}, "from or to which ENI it went next", pageNextHop},
	{flowlog.KindVPC, []flowlog.FieldID{
		flowlog.ECSClusterARN, flowlog.ECSClusterName, flowlog.ECSContainerInstanceARN, flowlog.ECSContainerInstanceID, flowlog.ECSContainerID,
		flowlog.ECSSecondContainerID, flowlog.ECSServiceName, flowlog.ECSTaskDefinitionARN, flowlog.ECSTaskARN, flowlog.ECSTaskID,
	}, "of which ECS service, task and container", pageECS},
	{flowlog.KindVPC, []flowlog.FieldID{
		flowlog.InstanceTag, flowlog.InstanceTag2, flowlog.InterfaceTag, flowlog.InterfaceTag2, flowlog.ASGTag, flowlog.ASGTag2,
	}, "which tags the instance, the ENI and the Auto Scaling group had", pageRecords},

	{flowlog.KindTGW, []flowlog.FieldID{flowlog.LogStatus}, "whether records were lost (SKIPDATA), or there was no traffic (NODATA)", pageTransit},
	{flowlog.KindTGW, []flowlog.FieldID{flowlog.SrcAddr, flowlog.DstAddr}, "between which addresses", pageTransit},
	{flowlog.KindTGW, []flowlog.FieldID{flowlog.SrcPort, flowlog.DstPort, flowlog.Protocol}, "of which service", pageTransit},
	{flowlog.KindTGW, []flowlog.FieldID{flowlog.Packets, flowlog.Bytes}, "how much", pageTransit},
	{flowlog.KindTGW, []flowlog.FieldID{flowlog.Start, flowlog.End}, "when", pageTransit},
	{flowlog.KindTGW, []flowlog.FieldID{flowlog.ResourceType, flowlog.AccountID, flowlog.Region, flowlog.TGWID}, "at which transit gateway", pageTransit},
	{flowlog.KindTGW, []flowlog.FieldID{flowlog.TGWAttachmentID, flowlog.TGWPairAttachmentID}, "from which attachment to which", pageTransit},
	{flowlog.KindTGW, []flowlog.FieldID{flowlog.FlowDirection}, "whether it came into the transit gateway or went out", pageTransit},
	{flowlog.KindTGW, []flowlog.FieldID{
		flowlog.TGWSrcVPCAccountID, flowlog.TGWDstVPCAccountID, flowlog.TGWSrcVPCID, flowlog.TGWDstVPCID,
	}, "from which account and VPC to which", pageTransit},
	{flowlog.KindTGW, []flowlog.FieldID{
		flowlog.TGWSrcSubnetID, flowlog.TGWDstSubnetID, flowlog.TGWSrcENI, flowlog.TGWDstENI, flowlog.TGWSrcAZID, flowlog.TGWDstAZID,
	}, "from which attachment's subnet, ENI and Availability Zone to which", pageTransit},
	{flowlog.KindTGW, []flowlog.FieldID{
		flowlog.PacketsLostNoRoute, flowlog.PacketsLostBlackhole, flowlog.PacketsLostMTUExceeded, flowlog.PacketsLostTTLExpired,
	}, "whether packets were dropped, and why: no route, blackhole, MTU, TTL", pageTransit},
	{flowlog.KindTGW, []flowlog.FieldID{flowlog.TCPFlags}, "who opened a TCP connection", pageTransit},
	{flowlog.KindTGW, []flowlog.FieldID{flowlog.TrafficType}, "whether it was Elastic Fabric Adapter traffic", pageTransit},
	{flowlog.KindTGW, []flowlog.FieldID{flowlog.PktSrcAWSService, flowlog.PktDstAWSService}, "of which AWS service a public address was then", pageTransit},
}

// unanswered returns the questions that active flow logs lack fields for, in the order of the
// table. Flow logs whose fields are not known are left out.
func (a *analysis) unanswered() []Unanswered {
	out := []Unanswered{}
	for i := range questions {
		q := &questions[i]
		var logs []string
		var lacks []flowlog.FieldID
		for _, l := range a.sorted {
			f, ok := a.formats[l.ID]
			if !ok || !active(l) || kindOf(l) != q.kind {
				continue
			}
			var missing []flowlog.FieldID
			for _, id := range q.fields {
				if !f.Has(id) {
					missing = append(missing, id)
				}
			}
			// A flow log of one action alone needs no field that says which.
			if len(missing) == 0 || q.fields[0] == flowlog.Action && l.Traffic != all {
				continue
			}
			logs = append(logs, l.ID)
			for _, id := range missing {
				if !slices.Contains(lacks, id) {
					lacks = append(lacks, id)
				}
			}
		}
		if len(logs) == 0 {
			continue
		}
		u := Unanswered{Question: q.text, Source: q.source, FlowLogs: logs}
		for _, id := range q.fields { // in AWS's order
			if slices.Contains(lacks, id) {
				u.Fields = append(u.Fields, flowlog.FieldByID(id).Name)
			}
		}
		out = append(out, u)
	}
	return out
}
