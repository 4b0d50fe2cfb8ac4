package app

import (
	"context"
	"slices"
	"time"

	"weir/flowlog"
	"weir/internal/intake"
	"weir/internal/lake"
	"weir/internal/query"
	"weir/internal/source"
)

// Service is what can be asked of a data directory. Errors keep their kinds over
// the socket, as far as wire.go lists them.
type Service interface {
	// Open takes sources into the lake and reports what they hold. The report
	// is there with an error too, as far as it goes.
	Open(ctx context.Context, r OpenRequest, progress func(Progress)) (*OpenReport, error)

	Query(ctx context.Context, r SQLRequest) (query.Rows, error)
	ExplainSQL(ctx context.Context, r SQLRequest) (query.Cost, error)
	Top(ctx context.Context, r TopRequest) (*TopReport, error)
	ExplainTop(ctx context.Context, r TopRequest) (query.Cost, error)
	// UnknownFields returns the fields of a kind that the lake holds and the
	// field table does not know, in AWS's spelling.
	UnknownFields(ctx context.Context, k flowlog.Kind) ([]string, error)

	// Newest returns the time of the newest record (its end, else weir_hour), or the
	// zero time where there is none.
	Newest(ctx context.Context) (time.Time, error)
	// Status describes the lake, or what came from one source.
	Status(ctx context.Context, r StatusRequest) (*StatusReport, error)
	Compact(ctx context.Context, progress func(Progress)) (lake.Compacted, error)
	// Attribute brings the hours up to date that are attributed by other definitions of the
	// network than there are now.
	Attribute(ctx context.Context, progress func(Progress)) (lake.Attributed, error)
	Expire(ctx context.Context, o lake.ExpireOptions) (Expired, error)
	Check(ctx context.Context, progress func(Progress)) (lake.Checked, error)
	Forget(ctx context.Context, source string) (lake.Forgotten, error)
	Duplicates(ctx context.Context, progress func(Progress)) ([]lake.Overlap, error)

	LogService
	AthenaService
	APIService
	AlertService

	Close() error
}

// Progress is a running account of long work: of objects, or of hours.
type Progress struct {
	intake.Progress
	// Done and Total count hours of the lake, where the work goes by hours.
	Done, Total int
	// Reading comes, alone, while a log group is read, before it is Listed.
	Reading *GroupReading
	// Listed comes once, and alone, when the sources are listed and before
	// anything is taken.
	Listed *ListReport
}

// GroupReading is how far the reading of a log group is. How much there will be,
// nobody knows before its end.
type GroupReading struct {
	Source string
	// Requests counts answers of CloudWatch Logs, Events the events in them, and New
	// those of Events that were not read before.
	Requests, Events, New int64
	// Newest is the time of the newest of Events; zero before the first.
	Newest time.Time
}

// S3Options says how to reach a bucket.
type S3Options struct {
	// Region is the bucket's; "" asks for it.
	Region       string
	Profile      string
	EndpointURL  string
	PathStyle    bool
	NoSign       bool
	RequesterPay bool
	// Env holds the caller's AWS_* variables; a server uses them instead of its
	// own.
	Env map[string]string
}

// OpenRequest says what to take.
type OpenRequest struct {
	// Sources are places as source.ParseSpec reads them, paths absolute.
	Sources []string
	// Keys, where there are any, are the only objects of the one bucket in Sources
	// that are looked at.
	Keys      []string
	Selection source.Selection
	// All takes all of a bucket or a log group; otherwise, and where Selection.From is
	// zero, the newest 24 hours of it.
	All bool
	// Trailing, where it is not 0, takes of a bucket only what its keys date to the
	// last so long, and of a log group the events of the last so long, whatever
	// Selection says.
	Trailing time.Duration
	// LogFormat is the format of objects without a header, or "".
	LogFormat string
	// FlowLogsJSON is the text that `aws ec2 describe-flow-logs` printed, or "".
	// AskFlowLogs asks EC2 for the flow logs in the objects' names.
	FlowLogsJSON string
	AskFlowLogs  bool
	Replace      bool
	// LogGroup, where it is not "", is the name of a log group of what the sources deliver.
	LogGroup string
	// Brief describes nothing and leaves small files as they are: one round of
	// many.
	Brief bool
	// Follow says that the sources are followed: what they have once they were taken as a whole is new, and else it is backfilled
	// (see [lake.Arrival]).
	Follow bool
	// OnlyNew leaves objects alone that could not be read before, or were no flow
	// log.
	OnlyNew bool
	// Gone counts what was taken before and is gone from the sources.
	Gone    bool
	Workers int
	S3      S3Options
}

// ListReport is what lies at sources.
type ListReport struct {
	Sources []SourceReport `json:"sources"`
	// Objects and Bytes count what will be taken.
	Objects int64 `json:"objects"`
	Bytes   int64 `json:"bytes"`
}

// Denied reports whether a folder could not be listed.
func (r *ListReport) Denied() bool {
	return slices.ContainsFunc(r.Sources, func(s SourceReport) bool { return len(s.Faults) > 0 })
}

// SourceReport is what lies at one source.
type SourceReport struct {
	Name string `json:"name"`
	// Objects and Bytes count what will be taken of it, OlderObjects and
	// OlderBytes what was seen and will not.
	Objects      int64 `json:"objects"`
	Bytes        int64 `json:"bytes"`
	OlderObjects int64 `json:"left_objects"`
	OlderBytes   int64 `json:"left_bytes"`
	// Unjudged counts those of Objects whose keys don't tell what was asked for,
	// and which are taken for that reason.
	Unjudged int64 `json:"unjudged_objects,omitempty"`
	// Requests counts the listing requests, and Folders those that were not
	// looked into, since all they can hold is outside of what was asked for.
	Requests int64 `json:"requests"`
	Folders  int64 `json:"left_folders"`
	// First and Last bound the slots that were seen; nil where no name tells
	// one.
	First *time.Time `json:"first,omitempty"`
	Last  *time.Time `json:"last,omitempty"`
	// NewestHours says that only the newest so many hours are taken, since
	// nothing else was asked for; 0 where all are.
	NewestHours int      `json:"newest_hours,omitempty"`
	Skipped     []string `json:"skipped,omitempty"`
	// Gone is what was taken before and is gone, where that was asked for and can be
	// said.
	Gone   *Gone         `json:"gone,omitempty"`
	Faults []FaultReport `json:"faults,omitempty"`
}

// FaultReport is a folder that could not be listed.
type FaultReport struct {
	URL     string `json:"url"`
	Problem string `json:"problem"`
	Hint    string `json:"hint,omitempty"`
}

// OpenReport is what an import found.
type OpenReport struct {
	List   *ListReport   `json:"list"`
	Intake intake.Report `json:"intake"`
	Kinds  []KindReport  `json:"kinds"`
	// WholeLake says that Kinds is about the whole lake, since the import's
	// objects are too many to be told apart.
	WholeLake bool `json:"whole_lake,omitempty"`
	// Newest is the time of the lake's newest record; nil in an empty lake.
	Newest *time.Time `json:"newest,omitempty"`
	// Seconds is how long it took.
	Seconds float64 `json:"seconds"`
}

// Partial reports whether something of what was asked for is missing: objects
// that failed, lines that were bad, folders that were denied.
func (r *OpenReport) Partial() bool {
	return r.List.Denied() || r.Intake.NotWhole > 0 || r.Intake.Failed > 0 || r.Intake.BadLines > 0 || r.Intake.Changed > 0
}

// KindReport is what the records of one kind hold.
type KindReport struct {
	Kind    string    `json:"kind"`
	Records int64     `json:"records"`
	Start   time.Time `json:"start"` // of the earliest record
	End     time.Time `json:"end"`   // of the latest
	// Accounts, Regions, Versions and Statuses count records by value, "" where
	// absent; Interfaces counts distinct ones.
	Accounts   []Count `json:"accounts"`
	Regions    []Count `json:"regions"`
	Versions   []Count `json:"versions"`
	Statuses   []Count `json:"statuses"`
	Actions    []Count `json:"actions,omitempty"`
	Interfaces int64   `json:"interfaces"`
	Bytes      int64   `json:"bytes"` // sum of bytes
	// Repeats are the records whose traffic others show. Talkers and Refused are
	// without them, unless RepeatsCount: in the report of an import into a lake that
	// held others, the records that count in their place may be of those.
	Repeats      []Repeat `json:"repeats,omitempty"`
	RepeatsCount bool     `json:"repeats_count,omitempty"`
	// UnknownFields are fields that the field table does not know, by how many
	// records have them.
	UnknownFields []Count `json:"unknown_fields,omitempty"`
	// Gaps are times without any object of a flow log, longest first.
	Gaps     []Gap   `json:"gaps,omitempty"`
	GapCount int     `json:"gap_count"`
	Talkers  []Count `json:"top_talkers"`           // srcaddr by bytes
	Refused  []Count `json:"top_refused,omitempty"` // srcaddr -> dstaddr, port by records
}

// Count is a value and how much of it there is.
type Count struct {
	Value string `json:"value"`
	N     int64  `json:"n"`
}

// Gap is a time in which a flow log delivered nothing.
type Gap struct {
	FlowLogID string    `json:"flow_log_id,omitempty"`
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
}

// StatusRequest asks for the lake's status.
type StatusRequest struct {
	// Source is a place as the ledger knows it (a bucket with its prefix, an
	// absolute path, an object's URL), or "" for the whole lake.
	Source string
	// Most bounds the objects and the lines that are listed.
	Most int
}

// StatusReport describes the lake, or what came from one source. Of a source
// Tables is empty, and Problems holds objects that are no flow log too.
type StatusReport struct {
	lake.Status
	Source string `json:"source,omitempty"`
	// Records counts the records in the lake that the objects answer for.
	Records int64 `json:"records"`
	// Lines are bad lines, in order of object and line.
	Lines []lake.BadLine `json:"lines"`
	// Tail is what is kept of the log groups, or of the source; nil where that is
	// nothing.
	Tail *TailStatus `json:"tail,omitempty"`
	// Following are the sources that are or were followed; of a source, those that lie
	// there.
	Following []FollowState `json:"following"`
}

// Expired is what Expire removed.
type Expired struct {
	lake.Expired
	// TailObjects and TailBytes are what of DATA/tail went, since the records of these
	// events did.
	TailObjects int   `json:"tail_objects"`
	TailBytes   int64 `json:"tail_bytes"`
}

// TailStatus is what DATA/tail holds of log groups.
type TailStatus struct {
	Objects int   `json:"objects"`
	Bytes   int64 `json:"bytes"`
}

// SQLRequest is a query in SQL.
type SQLRequest struct {
	SQL    string
	Scope  query.Scope
	Limits query.Limits
}

// TopRequest asks for the values of fields that have most.
type TopRequest struct {
	Kind flowlog.Kind
	// Fields are fields by any of their names, or unknown fields.
	Fields []string
	// By is bytes, packets or records.
	By string
	// Where is a filter, or "". Times without a zone are in UTC: the server's
	// local zone need not be the caller's.
	Where string
	Scope query.Scope
	N     int64
	// EveryRecord counts records of the same traffic as often as there are.
	EveryRecord bool
	Limits      query.Limits
}

// TopReport is the values that have most.
type TopReport struct {
	Fields []string `json:"fields"` // column names
	By     string   `json:"by"`
	Rows   []TopRow `json:"rows"`
	// Totals are of all records that match and count, and Groups how many
	// different values there are.
	Totals TopRow `json:"totals"`
	Groups int64  `json:"groups"`
	// Counting is which records of the same traffic count.
	Counting query.Counting `json:"counting"`
	// Repeats are the matching records whose traffic other records show; none with
	// every record. When counted once, they are left out, and legs counted apart;
	// per interface, only those of further flow logs are left out.
	Repeats []Repeat `json:"repeats,omitempty"`
	// Stale is what of the answer is attributed by older definitions of the network.
	Stale query.Stale `json:"stale,omitzero"`
}

// Repeat is how many records show what others do, for a reason: a value of
// weir-repeat.
type Repeat struct {
	Why     string `json:"why"`
	Records int64  `json:"records"`
	Bytes   int64  `json:"bytes"`
}

// TopRow is one value, or one of each field, and how much of it there is.
type TopRow struct {
	Values  []any `json:"values,omitempty"` // nil: absent
	Bytes   int64 `json:"bytes"`
	Packets int64 `json:"packets"`
	Records int64 `json:"records"`
	Rejects int64 `json:"rejects"` // of Records: action REJECT
	// Legs are what else was recorded on its way through NAT and transit gateways,
	// when traffic is counted once.
	LegBytes   int64 `json:"leg_bytes,omitempty"`
	LegPackets int64 `json:"leg_packets,omitempty"`
	LegRecords int64 `json:"leg_records,omitempty"`
}

// LegMeasure returns what the row has of legs.
func (r *TopRow) LegMeasure(by string) int64 {
	switch by {
	case "packets":
		return r.LegPackets
	case "records":
		return r.LegRecords
	}
	return r.LegBytes
}

// Measure returns what the row has of bytes, packets or records.
func (r *TopRow) Measure(by string) int64 {
	switch by {
	case "packets":
		return r.Packets
	case "records":
		return r.Records
	}
	return r.Bytes
}
