package filter

import "weir/flowlog"

// awsServices are the values of pkt-src-aws-service and pkt-dst-aws-service. (VPC
// user guide, flow log records.)
var awsServices = []string{
	"AMAZON", "AMAZON_APPFLOW", "AMAZON_CONNECT", "API_GATEWAY", "AURORA_DSQL", "CHIME_MEETINGS",
	"CHIME_VOICECONNECTOR", "CLOUD9", "CLOUDFRONT", "CLOUDFRONT_ORIGIN_FACING", "CODEBUILD", "DYNAMODB", "EBS",
	"EC2", "EC2_INSTANCE_CONNECT", "GLOBALACCELERATOR", "IVS_LOW_LATENCY", "IVS_REALTIME",
	"KINESIS_VIDEO_STREAMS", "MEDIA_PACKAGE_V2", "ROUTE53", "ROUTE53_HEALTHCHECKS",
	"ROUTE53_HEALTHCHECKS_PUBLISHING", "ROUTE53_RESOLVER", "S3", "WORKSPACES_GATEWAYS",
}

// interfaceTypes are the values of interface-type. (VPC user guide.)
var interfaceTypes = []string{"nat_gateway", "network_load_balancer", "regional_nat_gateway", "transit_gateway", "vpc_endpoint"}

// usualWords are the values that AWS documents for fields of text whose lists may
// grow. Bare, they may stand in any case; in quotes a text is as it is.
var usualWords = map[flowlog.FieldID][]string{
	flowlog.TrafficType:          {"IPv4", "IPv6", "EFA"},
	flowlog.FlowDirection:        {"ingress", "egress"},
	flowlog.RejectReason:         {"BPA", "EC"},
	flowlog.SublocationType:      {"wavelength", "outpost", "localzone"},
	flowlog.ResourceType:         {"TransitGateway"},
	flowlog.InterfaceType:        interfaceTypes,
	flowlog.NextHopInterfaceType: interfaceTypes,
	flowlog.PktSrcAWSService:     awsServices,
	flowlog.PktDstAWSService:     awsServices,
}
