package synth

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"weir/flowlog"
)

const (
	// slotLength is how long the slots are that AWS names objects after.
	slotLength = 5 * time.Minute
	// windowSeconds is the aggregation interval: interfaces of Nitro instances
	// use 60 seconds whatever was asked for (VPC user guide, aggregation
	// interval).
	windowSeconds = 60
	slotMinutes   = int(slotLength / time.Minute)

	minPerMinute = 10      // fewer records cannot hold the stories
	maxPerMinute = 200_000 // more would need too much memory for a slot
)

// Config says what to make. The zero value is not usable; begin with
// [DefaultConfig].
type Config struct {
	// Seed chooses among worlds: addresses, ids and traffic follow from it.
	Seed uint64
	// Start is the beginning of the time that the logs cover, on a whole
	// 5 minutes; Duration is its length, a multiple of 5 minutes, from 1 hour
	// to 31 days.
	Start    time.Time
	Duration time.Duration
	// Records is the exact number of records, NODATA and SKIPDATA included.
	Records int64
	// Format is the flow log's format; its kind decides between VPC and transit
	// gateway records.
	Format flowlog.Format
	// Parquet makes Parquet objects instead of gzip text.
	Parquet bool
	// Hive and Hourly choose among AWS's four layouts of object keys.
	Hive, Hourly bool
	// LogOwner is the account that made the flow log and owns the network.
	LogOwner string
	// Region is the region's code, such as us-east-1.
	Region string
	// FlowLogID is the flow log's id; "" takes one that follows from Seed.
	FlowLogID string
	// ObjectsPerSlot is how many objects share the records of 5 minutes. A slot
	// with few records can have fewer, since AWS writes no empty object.
	ObjectsPerSlot int
}

// DefaultConfig returns a day of 100,000 records in AWS's default format, gzip
// text, daily keys, 4 objects for 5 minutes.
func DefaultConfig() Config {
	return Config{
		Seed:           1,
		Start:          time.Date(2026, 6, 16, 0, 0, 0, 0, time.UTC),
		Duration:       24 * time.Hour,
		Records:        100_000,
		Format:         flowlog.DefaultFormat(flowlog.KindVPC),
		LogOwner:       "123456789012",
		Region:         "us-east-1",
		ObjectsPerSlot: 4,
	}
}

var (
	accountPattern = regexp.MustCompile(`^[0-9]{12}$`)
	regionPattern  = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]+$`)
	flowLogPattern = regexp.MustCompile(`^fl-[0-9a-f]{8,17}$`)
)

// Validate returns an error that says what is wrong with the configuration, or
// nil.
func (c Config) Validate() error {
	minutes := int64(c.Duration / time.Minute)
	switch {
	case c.Start.Unix() < 0 || c.Start.Unix() > 1<<32-1<<22 || !c.Start.Truncate(slotLength).Equal(c.Start):
		return fmt.Errorf("start %s is not on a whole 5 minutes between 1970 and 2106", c.Start.Format(time.RFC3339Nano))
	case c.Duration%slotLength != 0 || c.Duration < time.Hour || c.Duration > 31*24*time.Hour:
		return fmt.Errorf("duration %s is not a multiple of 5 minutes from 1 hour to 31 days", c.Duration)
	case c.Records < minutes*minPerMinute || c.Records > minutes*maxPerMinute:
		return fmt.Errorf("%d records in %s: the number must lie from %d to %d",
			c.Records, c.Duration, minutes*minPerMinute, minutes*maxPerMinute)
	case c.Format.Len() == 0:
		return errors.New("the format has no fields")
	case !accountPattern.MatchString(c.LogOwner):
		return fmt.Errorf("log owner %q is not an account id of 12 digits", c.LogOwner)
	case !regionPattern.MatchString(c.Region):
		return fmt.Errorf("region %q is not a region's code such as us-east-1", c.Region)
	case c.FlowLogID != "" && !flowLogPattern.MatchString(c.FlowLogID):
		return fmt.Errorf("flow log id %q is not of the form fl-0123456789abcdef0", c.FlowLogID)
	case c.ObjectsPerSlot < 1 || c.ObjectsPerSlot > 1000:
		return fmt.Errorf("%d objects for each slot: the number must lie from 1 to 1000", c.ObjectsPerSlot)
	}
	return nil
}

// flowLogID returns the flow log's id.
func (c Config) flowLogID() string {
	if c.FlowLogID != "" {
		return c.FlowLogID
	}
	return awsID(c.Seed, "fl", 0)
}
