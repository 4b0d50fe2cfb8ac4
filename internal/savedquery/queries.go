package savedquery

import "weir/flowlog"

// Fields that the queries which list connections need.
var connectionFields = []flowlog.FieldID{
	flowlog.SrcAddr, flowlog.DstAddr, flowlog.DstPort, flowlog.Protocol, flowlog.Packets, flowlog.Bytes, flowlog.Action,
}

// connections returns the two texts of a query that sums up the records of each source, destination, port and action which
// meet a condition, in SQL and in the language of Logs Insights.
func connections(sql, insights string) (string, string) {
	return `SELECT srcaddr, dstaddr, dstport, protocol, action,
  count(*) AS records, sum(packets) AS total_packets, sum(bytes) AS total_bytes
FROM {table}
WHERE ` + sql + `{time}
GROUP BY srcaddr, dstaddr, dstport, protocol, action
ORDER BY total_bytes DESC, srcaddr, dstaddr, dstport, protocol, action
LIMIT 1000`, `filter ` + insights + `
| stats count(*) as records, sum(packets) as total_packets, sum(bytes) as total_bytes
    by srcAddr, dstAddr, dstPort, protocol, action
| sort total_bytes desc, srcAddr, dstAddr, dstPort, protocol, action
| limit 1000`
}

// most returns the two texts of a query that finds the fifty values, or pairs of values, with most bytes.
func most(sqlFields, sqlIs, insightsFields, insightsIs string) (string, string) {
	return `SELECT ` + sqlFields + `, sum(bytes) AS total_bytes
FROM {table}
WHERE ` + sqlIs + `{time}
GROUP BY ` + sqlFields + `
ORDER BY total_bytes DESC, ` + sqlFields + `
LIMIT 50`, `filter ` + insightsIs + `
| stats sum(bytes) as total_bytes by ` + insightsFields + `
| sort total_bytes desc, ` + insightsFields + `
| limit 50`
}

// talkers returns the two texts of a query that finds the fifty addresses with most bytes, sent and received.
func talkers(src, dst, insightsSrc, insightsDst string) (string, string) {
	return `SELECT address, sum(bytes) AS total_bytes
FROM {table}
CROSS JOIN UNNEST(ARRAY[` + src + `, ` + dst + `]) AS ends (address)
WHERE ` + src + ` <> '-' AND ` + dst + ` <> '-'{time}
GROUP BY address
ORDER BY total_bytes DESC, address
LIMIT 50`, `filter ` + insightsSrc + ` != "-" and ` + insightsDst + ` != "-"
| stats sum(bytes) as pair_bytes by ` + insightsSrc + `, ` + insightsDst + `
| fields jsonParse(concat('["', ` + insightsSrc + `, '","', ` + insightsDst + `, '"]')) as ends
| unnest ends into address
| stats sum(pair_bytes) as total_bytes by address
| sort total_bytes desc, address
| limit 50`
}

// total returns the two texts of a query that sums up the traffic of an IP version.
func total(version string) (string, string) {
	return `SELECT sum(bytes) AS total_bytes, sum(packets) AS total_packets, count(*) AS records
FROM {table}
WHERE type = '` + version + `'{time}`, `filter type = "` + version + `"
| stats sum(bytes) as total_bytes, sum(packets) as total_packets, count(*) as records`
}

// noneNote says what a sum over nothing is.
const noneNote = "Where there are no such records, SQL has a row with a sum that is absent."

// saved makes a query of its two texts.
func saved(q Query, athena, insights string) *Query {
	q.athena, q.insights = athena, insights
	return &q
}

// with returns a query whose texts are those that connections makes.
func with(q Query, sql, insights string) *Query {
	q.Fields = connectionFields
	q.athena, q.insights = connections(sql, insights)
	return &q
}

// queries are by name. `-` is what Athena reads in text where a field is absent.
var queries = []*Query{
	with(Query{
		Name:        "VpcFlowLogsAcceptedTraffic",
		Description: "TCP traffic that the security groups and network ACLs let through, by source, destination and port: the 1,000 with most bytes.",
	}, `action = 'ACCEPT' AND protocol = 6`, `action = "ACCEPT" and protocol = 6`),
	adminPorts(),
	ipVersion("VpcFlowLogsIPv4Traffic", "IPv4"),
	ipVersion("VpcFlowLogsIPv6Traffic", "IPv6"),
	with(Query{
		Name:        "VpcFlowLogsRejectedTCPTraffic",
		Description: "TCP traffic that the security groups and network ACLs refused, by source, destination and port: the 1,000 with most bytes.",
	}, `action = 'REJECT' AND protocol = 6`, `action = "REJECT" and protocol = 6`),
	with(Query{
		Name:        "VpcFlowLogsRejectedTraffic",
		Description: "Traffic of any protocol that the security groups and network ACLs refused, by source, destination and port: the 1,000 with most bytes.",
	}, `action = 'REJECT'`, `action = "REJECT"`),
	with(Query{
		Name:        "VpcFlowLogsSshRdpTraffic",
		Description: "Traffic to the ports of SSH (22) and RDP (3389), let through or refused, by source and destination: the 1,000 with most bytes.",
	}, `dstport IN (22, 3389)`, `dstPort in [22, 3389]`),
	packetTalkers("VpcFlowLogsTopTalkers", "The 50 addresses with most bytes sent and received, as the interfaces saw them.",
		flowlog.SrcAddr, flowlog.DstAddr, "srcAddr", "dstAddr"),
	packetTalkers("VpcFlowLogsTopTalkersPacketLevel", "The 50 addresses with most bytes sent and received, as they stood in the packets.",
		flowlog.PktSrcAddr, flowlog.PktDstAddr, "pktSrcAddr", "pktDstAddr"),
	of("VpcFlowLogsTopTalkingInstances", "The 50 instances with most bytes at their interfaces.", flowlog.InstanceID, "instanceId"),
	of("VpcFlowLogsTopTalkingSubnets", "The 50 subnets with most bytes at the interfaces in them.", flowlog.SubnetID, "subnetId"),
	with(Query{
		Name:        "VpcFlowLogsTopTCPTraffic",
		Description: "All TCP traffic of a source address, by destination and port: the 1,000 with most bytes.",
		Parameter:   Source,
	}, `protocol = 6 AND srcaddr = {address}`, `protocol = 6 and srcAddr = {address}`),
	pairs("VpcFlowLogsTotalBytesTransferred", "The 50 pairs of source and destination with most bytes, as the interfaces saw them.",
		flowlog.SrcAddr, flowlog.DstAddr, "srcAddr", "dstAddr"),
	pairs("VpcFlowLogsTotalBytesTransferredPacketLevel", "The 50 pairs of source and destination with most bytes, as they stood in the packets.",
		flowlog.PktSrcAddr, flowlog.PktDstAddr, "pktSrcAddr", "pktDstAddr"),
	with(Query{
		Name:        "VpcFlowLogsTrafficFrmSrcAddr",
		Description: "Traffic that a source address sent, let through or refused, by destination and port: the 1,000 with most bytes.",
		Parameter:   Source,
	}, `srcaddr = {address}`, `srcAddr = {address}`),
	with(Query{
		Name:        "VpcFlowLogsTrafficToDstAddr",
		Description: "Traffic to a destination address, let through or refused, by source and port: the 1,000 with most bytes.",
		Parameter:   Destination,
	}, `dstaddr = {address}`, `dstAddr = {address}`),
}

// adminPorts is the query about ports by which machines are managed: SSH, Telnet, RDP, VNC, WinRM, and where the web pages of
// administration usually are. Which ports AWS's query has is not published.
func adminPorts() *Query {
	const ports = "22, 23, 3389, 5900, 5985, 5986, 8080, 8443, 9443, 10000"
	return saved(Query{
		Name:        "VpcFlowLogsAdminPortTraffic",
		Description: "The 10 addresses that got most bytes on ports of administration (SSH, Telnet, RDP, VNC, WinRM, 8080, 8443, 9443, 10000).",
		Fields:      []flowlog.FieldID{flowlog.DstAddr, flowlog.DstPort, flowlog.Packets, flowlog.Bytes},
	}, `SELECT dstaddr, count(*) AS records, sum(packets) AS total_packets, sum(bytes) AS total_bytes
FROM {table}
WHERE dstport IN (`+ports+`){time}
GROUP BY dstaddr
ORDER BY total_bytes DESC, dstaddr
LIMIT 10`, `filter dstPort in [`+ports+`]
| stats count(*) as records, sum(packets) as total_packets, sum(bytes) as total_bytes by dstAddr
| sort total_bytes desc, dstAddr
| limit 10`)
}

// ipVersion is a query about the traffic of an IP version.
func ipVersion(name, version string) *Query {
	athena, insights := total(version)
	return saved(Query{
		Name: name, Description: "Bytes, packets and records of " + version + " traffic in all.", Note: noneNote,
		Fields: []flowlog.FieldID{flowlog.TrafficType, flowlog.Packets, flowlog.Bytes},
	}, athena, insights)
}

// packetTalkers is a query about addresses at either end.
func packetTalkers(name, description string, src, dst flowlog.FieldID, insightsSrc, insightsDst string) *Query {
	athena, insights := talkers(flowlog.FieldByID(src).Column, flowlog.FieldByID(dst).Column, insightsSrc, insightsDst)
	return saved(Query{Name: name, Description: description, Fields: []flowlog.FieldID{src, dst, flowlog.Bytes}}, athena, insights)
}

// pairs is a query about pairs of addresses.
func pairs(name, description string, src, dst flowlog.FieldID, insightsSrc, insightsDst string) *Query {
	s, d := flowlog.FieldByID(src).Column, flowlog.FieldByID(dst).Column
	athena, insights := most(s+", "+d, s+" <> '-' AND "+d+" <> '-'", insightsSrc+", "+insightsDst, insightsSrc+` != "-" and `+insightsDst+` != "-"`)
	return saved(Query{Name: name, Description: description, Fields: []flowlog.FieldID{src, dst, flowlog.Bytes}}, athena, insights)
}

// of is a query about the values of a field.
func of(name, description string, field flowlog.FieldID, insightsField string) *Query {
	column := flowlog.FieldByID(field).Column
	athena, insights := most(column, column+" <> '-'", insightsField, insightsField+` != "-"`)
	return saved(Query{Name: name, Description: description, Fields: []flowlog.FieldID{field, flowlog.Bytes}}, athena, insights)
}
