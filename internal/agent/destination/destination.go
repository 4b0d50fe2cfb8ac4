package destination

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"weir/internal/agent/config"
)

// An Item is what is delivered at a time.
type Item struct {
	// FlowLog is the one whose destination it is delivered by.
	FlowLog *config.FlowLog
	// Slot is when the 5 minutes begin that the records end in; a log group and a delivery stream have no use for it.
	Slot time.Time
	// Data is what [Encode] returned. It is not changed or kept.
	Data []byte
	// Records is how many records it has; 0: they are counted, for which the object is unpacked.
	Records int
	// Doubted says that an agent before may have sent it, or a part of it.
	Doubted bool
}

// An Outcome is what became of an item's records. It counts what one call did, also where that ended with an error: over all calls of an item, each record is
// in Records or Lost once.
type Outcome struct {
	// Objects were written, or found to be there from an attempt before. Log groups and delivery streams have none.
	Objects int
	// Records are those that are at the destination now.
	Records int
	// Repeated are those of Records that may be there twice: the attempt before ended without an answer, or the item is in doubt.
	Repeated int
	// Lost are those that the destination refuses for good.
	Lost int
	// Why says why, in words; "" where none is lost.
	Why string
}

// lose adds lost records.
func (o *Outcome) lose(n int, why string) {
	if n == 0 {
		return
	}
	o.Lost += n
	if o.Why != "" {
		o.Why += "; "
	}
	o.Why += why
}

// A Destination delivers items. It is for concurrent use, but an item is delivered by one call at a time.
type Destination interface {
	// Deliver returns once the records are where they belong, durably, or will never be. The error is a [*Failure]: the item is to be delivered again later.
	Deliver(ctx context.Context, it *Item) (Outcome, error)
}

// Open returns the destination of a flow log, whose region is known. It asks no service: a destination that can't be reached is one whose deliveries fail. It
// fails where AWS's shared configuration can't be read, or has no such profile. Credentials are those that AWS's tools find.
func Open(l *config.FlowLog) (Destination, error) { return openAs(l, nil) }

// openAs opens a destination with a configuration of AWS, or nil for the one that AWS's tools would use. Region, endpoint and roles are the flow log's.
func openAs(l *config.FlowLog, given *aws.Config) (Destination, error) {
	if l.Delivery.Type == config.Folder {
		return folder{}, nil
	}
	c, err := login(l, given)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.ID, err)
	}
	switch l.Delivery.Type {
	case config.S3:
		return newBucket(l, c), nil
	case config.CloudWatchLogs:
		return newLogGroup(l, c), nil
	case config.Firehose:
		return newDeliveryStream(l, c), nil
	}
	return nil, fmt.Errorf("%s: there is no destination of type %s", l.ID, l.Delivery.Type)
}
