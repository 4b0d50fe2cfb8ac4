package destination

import (
	"fmt"
	"strings"
	"time"

	"weir/internal/agent/config"
)

// folderOf returns the folder of a key, as AWS names it. Source: VPC user guide, "Flow log files"; spec c.1.
func folderOf(l *config.FlowLog, slot time.Time) string {
	parts := []string{"AWSLogs", l.Account, "vpcflowlogs", l.Region}
	day, hour := "2006/01/02", "/15"
	if l.Hive {
		parts = []string{"AWSLogs", "aws-account-id=" + l.Account, "aws-service=vpcflowlogs", "aws-region=" + l.Region}
		day, hour = "year=2006/month=01/day=02", "/hour=15"
	}
	if l.Hourly {
		day += hour
	}
	return strings.Join(parts, "/") + "/" + slot.UTC().Format(day)
}

// nameOf returns the name of an object, whose hash is 8 digits.
func nameOf(l *config.FlowLog, slot time.Time, hash uint32) string {
	ending := ".log.gz"
	if l.Parquet {
		ending = ".log.parquet"
	}
	return fmt.Sprintf("%s_vpcflowlogs_%s_%s_%s_%08x%s", l.Account, l.Region, l.ID, slot.UTC().Format("20060102T1504Z"), hash, ending)
}
