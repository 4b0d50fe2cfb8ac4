package flowlog

// FieldID is the place of a field in the table.
type FieldID uint8

// The fields of VPC flow logs (versions 2 to 11) in AWS's order, then those that
// only transit gateway flow logs have, then weir's own.
const (
	Version FieldID = iota
	AccountID
	InterfaceID
	SrcAddr
	DstAddr
	SrcPort
	DstPort
	Protocol
	Packets
	Bytes
	Start
	End
	Action
	LogStatus
	VPCID
	SubnetID
	InstanceID
	TCPFlags
	TrafficType
	PktSrcAddr
	PktDstAddr
	Region
	AZID
	SublocationType
	SublocationID
	PktSrcAWSService
	PktDstAWSService
	FlowDirection
	TrafficPath
	ECSClusterARN
	ECSClusterName
	ECSContainerInstanceARN
	ECSContainerInstanceID
	ECSContainerID
	ECSSecondContainerID
	ECSServiceName
	ECSTaskDefinitionARN
	ECSTaskARN
	ECSTaskID
	RejectReason
	ResourceID
	EncryptionStatus
	InstanceTag
	InstanceTag2
	InterfaceTag
	InterfaceTag2
	ASGTag
	ASGTag2
	InterfaceType
	NextHopInterfaceID
	NextHopSubnetID
	NextHopAZID
	NextHopVPCID
	NextHopInterfaceType
	ResourceType
	TGWID
	TGWAttachmentID
	TGWSrcVPCAccountID
	TGWDstVPCAccountID
	TGWSrcVPCID
	TGWDstVPCID
	TGWSrcSubnetID
	TGWDstSubnetID
	TGWSrcENI
	TGWDstENI
	TGWSrcAZID
	TGWDstAZID
	TGWPairAttachmentID
	PacketsLostNoRoute
	PacketsLostBlackhole
	PacketsLostMTUExceeded
	PacketsLostTTLExpired
	WeirHour
	WeirObject
	WeirFlowLogID
	WeirLogOwner
	WeirRegion
	WeirDirection
	WeirPair
	WeirPairGap
	WeirRepeat
	WeirRejectStage
	WeirRejectRule
	WeirAllowRules
	WeirAttribution
	WeirRuleset
	WeirWouldAction
	WeirUnknown

	// NumFields is how many fields the table has.
	NumFields = int(iota)
)

// fields is the one table of the record. Sources: the VPC and Transit Gateway
// user guides, tables of available fields; Parquet types from the same tables.
var fields = [NumFields]Field{
	Version: {
		Name: "version", Of: OfLog, Version: 2, Type: Int32, vpc: 1, tgw: 1, Min: 2, Unit: "record version",
		Meaning: "Version of the record: 2 in the default format, otherwise the highest version among the fields of the format.",
	},
	AccountID: {
		Name: "account-id", Version: 2, Type: String, vpc: 2, tgw: 3, Unit: "AWS account id",
		Meaning: "Account that owns the network interface (or the transit gateway); `unknown` can stand there for interfaces that an AWS service made.",
	},
	InterfaceID: {
		Name: "interface-id", Version: 2, Type: String, vpc: 3, Unit: "ENI id",
		Meaning: "Interface that the traffic was recorded at; absent for a regional NAT gateway.",
	},
	SrcAddr: {
		Name: "srcaddr", Of: OfFlow, Version: 2, Type: String, vpc: 4, tgw: 17, Addr: true, Traffic: true, Unit: "IP address",
		Meaning: "Source address; for outgoing traffic the interface's own primary private address.",
	},
	DstAddr: {
		Name: "dstaddr", Of: OfFlow, Version: 2, Type: String, vpc: 5, tgw: 18, Addr: true, Traffic: true, Unit: "IP address",
		Meaning: "Destination address; for incoming traffic the interface's own primary private address.",
	},
	SrcPort: {
		Name: "srcport", Of: OfFlow, Version: 2, Type: Int32, vpc: 6, tgw: 19, Max: 65535, Traffic: true, Unit: "port",
		Meaning: "Source port; 0 for ICMP.",
	},
	DstPort: {
		Name: "dstport", Of: OfFlow, Version: 2, Type: Int32, vpc: 7, tgw: 20, Max: 65535, Traffic: true, Unit: "port",
		Meaning: "Destination port; 0 for ICMP.",
	},
	Protocol: {
		Name: "protocol", Of: OfFlow, Version: 2, Type: Int32, vpc: 8, tgw: 21, Max: 255, Traffic: true, Unit: "IANA protocol number",
		Meaning: "Protocol above IP: 6 TCP, 17 UDP, 1 ICMP, 58 ICMPv6.",
	},
	Packets: {
		Name: "packets", Version: 2, Type: Int64, vpc: 9, tgw: 22, Traffic: true, Unit: "packets",
		Meaning: "Packets of the flow in the aggregation interval.",
	},
	Bytes: {
		Name: "bytes", Version: 2, Type: Int64, vpc: 10, tgw: 23, Traffic: true, Unit: "bytes",
		Meaning: "Bytes of the flow in the aggregation interval, IP headers included; absent where VPC Block Public Access refused the flow.",
	},
	Start: {
		Name: "start", Version: 2, Type: Int64, vpc: 11, tgw: 24, Epoch: true, Unit: "seconds since the epoch, UTC",
		Meaning: "Time of the first packet of the flow in the aggregation interval.",
	},
	End: {
		Name: "end", Version: 2, Type: Int64, vpc: 12, tgw: 25, Epoch: true, Unit: "seconds since the epoch, UTC",
		Meaning: "Time of the last packet of the flow in the aggregation interval.",
	},
	Action: {
		Name: "action", Of: OfFlow, Version: 2, Type: String, vpc: 13, Values: []string{"ACCEPT", "REJECT"}, Traffic: true,
		Meaning: "ACCEPT or REJECT: what the security groups and network ACLs decided; REJECT also for packets after their connection was closed.",
	},
	LogStatus: {
		Name: "log-status", Of: OfFlow, Version: 2, Type: String, vpc: 14, tgw: 26, Values: []string{"OK", "NODATA", "SKIPDATA"},
		Meaning: "OK; NODATA where the interface had no traffic in the interval; SKIPDATA where records were lost.",
	},
	VPCID: {
		Name: "vpc-id", Version: 3, Type: String, vpc: 15, Unit: "VPC id",
		Meaning: "VPC of the interface.",
	},
	SubnetID: {
		Name: "subnet-id", Version: 3, Type: String, vpc: 16, Unit: "subnet id",
		Meaning: "Subnet of the interface; absent for a regional NAT gateway.",
	},
	InstanceID: {
		Name: "instance-id", Version: 3, Type: String, vpc: 17, Unit: "instance id",
		Meaning: "Instance of the interface, where you own it; absent for interfaces that AWS manages.",
	},
	TCPFlags: {
		Name: "tcp-flags", Version: 3, Type: Int32, vpc: 18, tgw: 32, Max: 255, Traffic: true, Unit: "bit mask",
		Meaning: "FIN 1, SYN 2, RST 4, SYN-ACK 18, or'ed over the packets of the record; 0 where none of them was seen.",
	},
	TrafficType: {
		Name: "type", Of: OfFlow, Version: 3, Type: String, vpc: 19, tgw: 27, Traffic: true,
		Meaning: "IPv4, IPv6 or EFA.",
	},
	PktSrcAddr: {
		Name: "pkt-srcaddr", Of: OfFlow, Version: 3, Type: String, vpc: 20, Addr: true, Traffic: true, Unit: "IP address",
		Meaning: "Source address in the packet itself, where an intermediate interface (NAT gateway, transit gateway, pod) hides it in srcaddr.",
	},
	PktDstAddr: {
		Name: "pkt-dstaddr", Of: OfFlow, Version: 3, Type: String, vpc: 21, Addr: true, Traffic: true, Unit: "IP address",
		Meaning: "Destination address in the packet itself.",
	},
	Region: {
		Name: "region", Version: 4, Type: String, vpc: 22, tgw: 33, Unit: "AWS region",
		Meaning: "Region of the interface (or of the transit gateway).",
	},
	AZID: {
		Name: "az-id", Version: 4, Type: String, vpc: 23, Unit: "Availability Zone id",
		Meaning: "Availability Zone of the interface; absent in a sublocation.",
	},
	SublocationType: {
		Name: "sublocation-type", Version: 4, Type: String, vpc: 24,
		Meaning: "wavelength, outpost or localzone.",
	},
	SublocationID: {
		Name: "sublocation-id", Version: 4, Type: String, vpc: 25, Unit: "sublocation id",
		Meaning: "Id of the sublocation.",
	},
	PktSrcAWSService: {
		Name: "pkt-src-aws-service", Of: OfFlow, Version: 5, Type: String, vpc: 26, tgw: 35, Traffic: true, Unit: "AWS ip-ranges service",
		Meaning: "AWS service whose address ranges hold the packet's source address.",
	},
	PktDstAWSService: {
		Name: "pkt-dst-aws-service", Of: OfFlow, Version: 5, Type: String, vpc: 27, tgw: 36, Traffic: true, Unit: "AWS ip-ranges service",
		Meaning: "AWS service whose address ranges hold the packet's destination address.",
	},
	FlowDirection: {
		Name: "flow-direction", Version: 5, Type: String, vpc: 28, tgw: 34, Traffic: true,
		Meaning: "ingress or egress, as seen from the interface (or the transit gateway).",
	},
	TrafficPath: {
		Name: "traffic-path", Version: 5, Type: Int32, vpc: 29, Max: 255, Traffic: true, ZeroAbsent: true, Unit: "path number",
		Meaning: "Path of outgoing traffic: 1 within the VPC, 2 internet gateway or gateway endpoint, 3 virtual private gateway, 4 and 5 peering within and across regions, 6 local zone, 7 gateway endpoint, 8 internet gateway; absent for incoming traffic.",
	},
	ECSClusterARN: {
		Name: "ecs-cluster-arn", Version: 7, Type: String, vpc: 30, Unit: "ARN",
		Meaning: "ECS cluster of the task.",
	},
	ECSClusterName: {
		Name: "ecs-cluster-name", Version: 7, Type: String, vpc: 31, Unit: "name",
		Meaning: "Name of the ECS cluster.",
	},
	ECSContainerInstanceARN: {
		Name: "ecs-container-instance-arn", Version: 7, Type: String, vpc: 32, Unit: "ARN",
		Meaning: "ECS container instance, EC2 launch type only.",
	},
	ECSContainerInstanceID: {
		Name: "ecs-container-instance-id", Version: 7, Type: String, vpc: 33, Unit: "container instance id",
		Meaning: "Id of the ECS container instance.",
	},
	ECSContainerID: {
		Name: "ecs-container-id", Version: 7, Type: String, vpc: 34, Unit: "container runtime id",
		Meaning: "First container of the task.",
	},
	ECSSecondContainerID: {
		Name: "ecs-second-container-id", Version: 7, Type: String, vpc: 35, Unit: "container runtime id",
		Meaning: "Second container of the task, if there is one.",
	},
	ECSServiceName: {
		Name: "ecs-service-name", Version: 7, Type: String, vpc: 36, Unit: "name",
		Meaning: "ECS service that started the task.",
	},
	ECSTaskDefinitionARN: {
		Name: "ecs-task-definition-arn", Version: 7, Type: String, vpc: 37, Unit: "ARN",
		Meaning: "Task definition.",
	},
	ECSTaskARN: {
		Name: "ecs-task-arn", Version: 7, Type: String, vpc: 38, Unit: "ARN",
		Meaning: "Task.",
	},
	ECSTaskID: {
		Name: "ecs-task-id", Version: 7, Type: String, vpc: 39, Unit: "task id",
		Meaning: "Id of the task.",
	},
	RejectReason: {
		Name: "reject-reason", Version: 8, Type: String, vpc: 40, Traffic: true,
		Meaning: "BPA where VPC Block Public Access refused the flow, EC where an endpoint refused it for its encryption controls; absent for every other reject.",
	},
	ResourceID: {
		Name: "resource-id", Version: 9, Type: String, vpc: 41, Unit: "NAT gateway id",
		Meaning: "Regional NAT gateway that holds the interface.",
	},
	EncryptionStatus: {
		Name: "encryption-status", Version: 10, Type: Int32, vpc: 42, Max: 255, Traffic: true, Unit: "status number",
		Meaning: "0 not encrypted, 1 by the Nitro system, 2 by the application, 3 by both; absent where controls are off or it is not known.",
	},
	InstanceTag: {
		Name: "instance-tag", Version: 11, Type: String, vpc: 43, Unit: "percent-encoded UTF-8",
		Meaning: "Value of the first instance tag key of the flow log.",
	},
	InstanceTag2: {
		Name: "instance-tag-2", Version: 11, Type: String, vpc: 44, Unit: "percent-encoded UTF-8",
		Meaning: "Value of the second instance tag key.",
	},
	InterfaceTag: {
		Name: "interface-tag", Version: 11, Type: String, vpc: 45, Unit: "percent-encoded UTF-8",
		Meaning: "Value of the first interface tag key.",
	},
	InterfaceTag2: {
		Name: "interface-tag-2", Version: 11, Type: String, vpc: 46, Unit: "percent-encoded UTF-8",
		Meaning: "Value of the second interface tag key.",
	},
	ASGTag: {
		Name: "asg-tag", Version: 11, Type: String, vpc: 47, Unit: "percent-encoded UTF-8",
		Meaning: "Value of the first Auto Scaling group tag key.",
	},
	ASGTag2: {
		Name: "asg-tag-2", Version: 11, Type: String, vpc: 48, Unit: "percent-encoded UTF-8",
		Meaning: "Value of the second Auto Scaling group tag key.",
	},
	InterfaceType: {
		Name: "interface-type", Version: 11, Type: String, vpc: 49,
		Meaning: "Type of the interface that recorded the traffic: nat_gateway, network_load_balancer, regional_nat_gateway, transit_gateway or vpc_endpoint; absent for others.",
	},
	NextHopInterfaceID: {
		Name: "next-hop-interface-id", Version: 11, Type: String, vpc: 50, Traffic: true, Unit: "ENI id",
		Meaning: "Interface that receives outgoing traffic or sends incoming traffic.",
	},
	NextHopSubnetID: {
		Name: "next-hop-subnet-id", Version: 11, Type: String, vpc: 51, Traffic: true, Unit: "subnet id",
		Meaning: "Subnet of the next hop.",
	},
	NextHopAZID: {
		Name: "next-hop-az-id", Version: 11, Type: String, vpc: 52, Traffic: true, Unit: "Availability Zone id",
		Meaning: "Availability Zone of the next hop.",
	},
	NextHopVPCID: {
		Name: "next-hop-vpc-id", Version: 11, Type: String, vpc: 53, Traffic: true, Unit: "VPC id",
		Meaning: "VPC of the next hop.",
	},
	NextHopInterfaceType: {
		Name: "next-hop-interface-type", Version: 11, Type: String, vpc: 54, Traffic: true,
		Meaning: "Type of the next hop's interface, as interface-type.",
	},
	ResourceType: {
		Name: "resource-type", Version: 6, Type: String, tgw: 2,
		Meaning: "TransitGateway.",
	},
	TGWID: {
		Name: "tgw-id", Version: 6, Type: String, tgw: 4, Unit: "transit gateway id",
		Meaning: "Transit gateway.",
	},
	TGWAttachmentID: {
		Name: "tgw-attachment-id", Version: 6, Type: String, tgw: 5, Unit: "attachment id",
		Meaning: "Attachment that the traffic was recorded at.",
	},
	TGWSrcVPCAccountID: {
		Name: "tgw-src-vpc-account-id", Version: 6, Type: String, tgw: 6, Unit: "AWS account id",
		Meaning: "Account of the source VPC.",
	},
	TGWDstVPCAccountID: {
		Name: "tgw-dst-vpc-account-id", Version: 6, Type: String, tgw: 7, Unit: "AWS account id",
		Meaning: "Account of the destination VPC.",
	},
	TGWSrcVPCID: {
		Name: "tgw-src-vpc-id", Version: 6, Type: String, tgw: 8, Unit: "VPC id",
		Meaning: "Source VPC.",
	},
	TGWDstVPCID: {
		Name: "tgw-dst-vpc-id", Version: 6, Type: String, tgw: 9, Unit: "VPC id",
		Meaning: "Destination VPC.",
	},
	TGWSrcSubnetID: {
		Name: "tgw-src-subnet-id", Version: 6, Type: String, tgw: 10, Unit: "subnet id",
		Meaning: "Source subnet.",
	},
	TGWDstSubnetID: {
		Name: "tgw-dst-subnet-id", Version: 6, Type: String, tgw: 11, Unit: "subnet id",
		Meaning: "Destination subnet.",
	},
	TGWSrcENI: {
		Name: "tgw-src-eni", Version: 6, Type: String, tgw: 12, Unit: "ENI id",
		Meaning: "Interface of the source attachment.",
	},
	TGWDstENI: {
		Name: "tgw-dst-eni", Version: 6, Type: String, tgw: 13, Unit: "ENI id",
		Meaning: "Interface of the destination attachment.",
	},
	TGWSrcAZID: {
		Name: "tgw-src-az-id", Version: 6, Type: String, tgw: 14, Unit: "Availability Zone id",
		Meaning: "Availability Zone of the source attachment; absent in a sublocation.",
	},
	TGWDstAZID: {
		Name: "tgw-dst-az-id", Version: 6, Type: String, tgw: 15, Unit: "Availability Zone id",
		Meaning: "Availability Zone of the destination attachment.",
	},
	TGWPairAttachmentID: {
		Name: "tgw-pair-attachment-id", Version: 6, Type: String, tgw: 16, Unit: "attachment id",
		Meaning: "Attachment at the other side.",
	},
	PacketsLostNoRoute: {
		Name: "packets-lost-no-route", Version: 6, Type: Int64, tgw: 28, Traffic: true, Unit: "packets",
		Meaning: "Packets lost because no route was there.",
	},
	PacketsLostBlackhole: {
		Name: "packets-lost-blackhole", Version: 6, Type: Int64, tgw: 29, Traffic: true, Unit: "packets",
		Meaning: "Packets lost to a blackhole route.",
	},
	PacketsLostMTUExceeded: {
		Name: "packets-lost-mtu-exceeded", Version: 6, Type: Int64, tgw: 30, Traffic: true, Unit: "packets",
		Meaning: "Packets lost because they exceeded the MTU.",
	},
	PacketsLostTTLExpired: {
		Name: "packets-lost-ttl-expired", Version: 6, Type: Int64, tgw: 31, Traffic: true, Unit: "packets",
		Meaning: "Packets lost because their time to live ran out.",
	},
	WeirHour: {
		Name: "weir-hour", Type: Timestamp, Unit: "UTC",
		Meaning: "Delivery slot of the record, by which the lake is partitioned: the object key's 5-minute slot, else end, else start, else the log event's time.",
	},
	WeirObject: {
		Name: "weir-object", Of: OfLog, Type: String, Unit: "URL or path",
		Meaning: "Object that the record was taken from.",
	},
	WeirFlowLogID: {
		Name: "weir-flow-log-id", Of: OfLog, Type: String, Unit: "flow log id",
		Meaning: "Flow log that delivered the record, from the object's key.",
	},
	WeirLogOwner: {
		Name: "weir-log-owner", Of: OfLog, Type: String, Unit: "AWS account id",
		Meaning: "Account that created the flow log, from the object's key; account-id is the interface's owner, which differs in shared VPCs.",
	},
	WeirRegion: {
		Name: "weir-region", Type: String, Unit: "AWS region",
		Meaning: "The record's region field, else the region in the object's key.",
	},
	WeirDirection: {
		Name: "weir-direction", Type: String, Derived: true, only: KindVPC, Values: []string{"ingress", "egress", "undecided"},
		Meaning: "Direction at the interface: flow-direction, else told by the address that all records of the interface in the hour share, or by the definition of the network where they leave it open; undecided where none or both of two could be the interface's.",
	},
	WeirPair: {
		Name: "weir-pair", Type: String, Derived: true, only: KindVPC, Values: []string{"accepted", "rejected", "none", "unknown"},
		Meaning: "What became of the opposite direction of the flow at the same interface within one aggregation interval and 60 s: seen accepted, seen rejected, none seen, or unknown where the records cannot tell.",
	},
	WeirPairGap: {
		Name: "weir-pair-gap", Type: Int32, Derived: true, only: KindVPC, Max: 660, Unit: "s",
		Meaning: "Seconds between the start of the record and the start of the nearest one that weir-pair tells of.",
	},
	WeirRepeat: {
		Name: "weir-repeat", Of: OfLog, Type: String, Derived: true, only: KindVPC, Values: []string{"flow-log", "leg", "receiver"},
		Meaning: "Why the record's traffic counts elsewhere: another flow log recorded the interface at that time, the record is a leg on the way (a NAT gateway's or a transit gateway's), or the sender's interface recorded the flow too. Absent where the record counts.",
	},
	WeirRejectStage: {
		Name: "weir-reject-stage", Type: String, Derived: true, only: KindVPC, Values: []string{"nacl", "sg", "bpa", "ec", "stray", "host"},
		Meaning: "What refused the record's traffic: a network ACL, the security groups, VPC Block Public Access, encryption controls, the end of its connection (stray), or the host's own firewall (host). Absent where it is one of several.",
	},
	WeirRejectRule: {
		Name: "weir-reject-rule", Type: String, Derived: true, only: KindVPC, Unit: "rules, separated by spaces",
		Meaning: "Rule that refused, such as acl-1:ingress:100, acl-1:ingress:* for the last one, or sg-1,sg-2:ingress:implicit-deny where no rule of the interface's security groups allows, or netfilter:input where a host's firewall did, with the hook where it is known; several where it is one of them.",
	},
	WeirAllowRules: {
		Name: "weir-allow-rules", Type: String, Derived: true, only: KindVPC, Unit: "rules, separated by spaces",
		Meaning: "Rules that allow what was accepted: of the security groups all that would, of a reply those that allow its request, and the entry of the network ACL.",
	},
	WeirAttribution: {
		Name: "weir-attribution", Type: String, Derived: true, only: KindVPC, Values: []string{"exact", "ambiguous", "contradiction", "unknown", "recorded"},
		Meaning: "How the definition of the network of the record's time explains its action, or weir-would-action where there is one: exactly one rule does, one of several does (ambiguous), its rules say otherwise or the record names another control (contradiction), or what decides is not in the definition (unknown). recorded says that the record was delivered with its rules, by the agent that decided, and that nothing is derived. Else absent where no definition is there, and in records without an action.",
	},
	WeirRuleset: {
		Name: "weir-ruleset", Type: String, Derived: true, only: KindVPC, Unit: "versions, separated by spaces",
		Meaning: "Versions of the definition of the network that told the rules.",
	},
	WeirWouldAction: {
		Name: "weir-would-action", Type: String, only: KindVPC, Values: []string{"ACCEPT", "REJECT"},
		Meaning: "What the rules say of traffic that passed all the same, since nothing enforces them: weir-reject-stage and weir-reject-rule name what would refuse it. Absent where the action is what the rules say.",
	},
	WeirUnknown: {
		Name: "weir-unknown", Of: OfLog, Type: Map,
		Meaning: "Fields that weir does not know, as text by name.",
	},
}
