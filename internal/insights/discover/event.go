package discover

import (
	"weir/flowlog"
	"weir/internal/insights/value"
)

// An Event is a log event of a log group.
type Event struct {
	Account, Group, Stream string
	// Timestamp and Ingestion are milliseconds since the epoch.
	Timestamp, Ingestion int64
	Message              string
	// Format is the flow log format of the message, nil where it is not known to be a record. A
	// record's words are its fields, "-" among them.
	Format *flowlog.Format
	// Ptr is the pointer to the event, @ptr; "" where nobody needs it.
	Ptr string
	// Own are the fields that weir adds to a record, by their names in Insights, such as weirPair; nil: none.
	Own map[string]value.Value
}
