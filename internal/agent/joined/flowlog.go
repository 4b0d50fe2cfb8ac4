package joined

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"weir/internal/agent/config"
	"weir/internal/agentapi"
)

// flowLogOf returns a flow log of a policy as the config has them, or why this agent can't make it. buckets is the folder that stands for S3, "" for none.
func flowLogOf(l *agentapi.FlowLog, buckets string) (out config.FlowLog, err error) {
	out = config.FlowLog{
		ID: l.ID, Resource: l.Resource, Traffic: l.Traffic, Interval: time.Duration(l.Interval) * time.Second, Account: l.Account, Region: l.Region,
		Destination: l.Destination, Parquet: l.FileFormat == "parquet", Hive: l.Hive, Hourly: l.Hourly,
	}
	switch {
	case out.OfTransit():
		if l.Traffic != "" || l.Interval != 60 {
			return out, fmt.Errorf("a transit gateway's flow log has no traffic type and an interval of 60 seconds, and this one %q and %d", l.Traffic, l.Interval)
		}
	case !slices.Contains([]string{"ACCEPT", "REJECT", "ALL"}, l.Traffic):
		return out, fmt.Errorf("this agent does not know the traffic type %q", l.Traffic)
	case l.Interval != 60 && l.Interval != 600:
		return out, fmt.Errorf("this agent does not know an interval of %d seconds", l.Interval)
	}
	if !slices.Contains([]string{"", "plain-text", "parquet"}, l.FileFormat) {
		return out, fmt.Errorf("this agent does not know the file format %q", l.FileFormat)
	}
	if out.Format, err = config.ParseFormat(l.Format, out.Kind()); err != nil {
		return out, err
	}
	if bucket, ok := strings.CutPrefix(l.Destination, "arn:aws:s3:::"); ok && l.DestinationType == "s3" && buckets != "" {
		folder := filepath.FromSlash(strings.TrimSuffix(bucket, "/"))
		if !filepath.IsLocal(folder) { // what a server says must not lead out of the folder
			return out, fmt.Errorf("%s is no folder below the agent's buckets", l.Destination)
		}
		out.Destination = filepath.Join(buckets, folder)
		return out, nil
	}
	// DeliverLogsPermissionArn trusts AWS's own service: nobody else can assume it.
	err = config.ParseDestination(&out, l.Destination, l.DeliverCrossAccountRole)
	return out, err
}
