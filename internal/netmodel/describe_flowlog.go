package netmodel

// flowLog adds a flow log.
//
// Source: EC2 API reference, FlowLog.
func (p *part) flowLog(at string, v *struct {
	FlowLogId, ResourceId, TrafficType, FlowLogStatus           string
	LogDestinationType, LogDestination, LogGroupName, LogFormat string
	MaxAggregationInterval                                      int
	DeliverLogsStatus, DeliverLogsErrorMessage                  string
	DeliverLogsPermissionArn, DeliverCrossAccountRole           string
	DestinationOptions                                          struct {
		FileFormat                                 string
		HiveCompatiblePartitions, PerHourPartition bool
	}
	TagFieldSpecifications []struct {
		ResourceType string
		TagKeys      []string
	}
	Tags tags
},
) error {
	out := &FlowLog{
		ID: v.FlowLogId, Name: v.Tags.name(), Resource: v.ResourceId, Traffic: v.TrafficType, Status: v.FlowLogStatus,
		DestinationType: v.LogDestinationType, Destination: v.LogDestination, LogGroup: v.LogGroupName, Format: v.LogFormat,
		Interval: v.MaxAggregationInterval, DeliveryStatus: v.DeliverLogsStatus, DeliveryError: v.DeliverLogsErrorMessage,
		DeliveryRole: v.DeliverLogsPermissionArn, CrossAccountRole: v.DeliverCrossAccountRole,
		FileFormat: v.DestinationOptions.FileFormat, HivePartitions: v.DestinationOptions.HiveCompatiblePartitions,
		HourlyPartitions: v.DestinationOptions.PerHourPartition,
	}
	for _, f := range v.TagFieldSpecifications {
		out.TagFields = append(out.TagFields, TagFields{f.ResourceType, f.TagKeys})
	}
	return put(p, at, "FlowLogId", p.FlowLogs, out.ID, out, same)
}
