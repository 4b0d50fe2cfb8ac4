// Package rollup says which sums the lake keeps beside its records, so that the lake
// that writes them and the queries that read them agree.
//
// A rollup has a row for each time and each combination of its keys that records have:
// how many records, and the sums of their packets and bytes. It answers a question that
// asks for nothing else exactly as the records do. Rollups are of VPC flow logs.
package rollup

import (
	"slices"

	"weir/flowlog"
)

// Rollup is a kind of sums.
type Rollup struct {
	// ID tells its rows from those of others in a file; it is never used again.
	ID   int32
	Name string
	// Unit is the width of its times in seconds. A record counts at its start, or at
	// weir-hour where it has none, rounded down.
	Unit int64
	// Keys are the fields whose values are kept, the one by which rows are sorted
	// first.
	Keys []flowlog.FieldID
	// Some says that it is of those records only that Holds takes.
	Some bool
}

// All are the rollups: what is recorded at each interface, who sends, and what is
// refused or goes to a well-known port.
var All = []Rollup{
	{
		ID: 1, Name: "minute by interface and action", Unit: 60,
		Keys: []flowlog.FieldID{
			flowlog.InterfaceID, flowlog.AccountID, flowlog.WeirRegion, flowlog.Version, flowlog.Action, flowlog.LogStatus, flowlog.WeirRepeat,
		},
	},
	{
		ID: 2, Name: "hour by source and action", Unit: 3600,
		Keys: []flowlog.FieldID{flowlog.SrcAddr, flowlog.Action, flowlog.WeirRepeat},
	},
	{
		ID: 3, Name: "minute by refused or well-known port", Unit: 60,
		Keys: []flowlog.FieldID{flowlog.DstPort, flowlog.Protocol, flowlog.Action, flowlog.WeirRepeat},
		Some: true,
	},
}

// Columns are the columns of a file of rollups beside Columns of its keys: its id, the
// start of its time in seconds since the epoch, and the sums. A sum is NULL where no
// record has the field.
const (
	ID      = "rollup"
	Start   = "start"
	Records = "records"
	Packets = "packets"
	Bytes   = "bytes"
)

// Keys returns the keys of all rollups, in the order of the field table.
func Keys() []flowlog.FieldID {
	var out []flowlog.FieldID
	for _, r := range All {
		out = append(out, r.Keys...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Has reports whether the rollup has the field's values.
func (r *Rollup) Has(f flowlog.FieldID) bool { return slices.Contains(r.Keys, f) }

// Refused is the action of records that rollups of some records hold.
const Refused = "REJECT"

// LastSystemPort is the last of IANA's system ports.
const LastSystemPort = 1023

// Ports are the other ports that are well known: of the remote desktop and of
// databases, which rules are most often asked about.
var Ports = []int64{1433, 1521, 2049, 3306, 3389, 5432, 5439, 5985, 5986, 6379, 9200, 11211, 27017}

// WellKnown reports whether rollups of some records hold those with a destination
// port.
func WellKnown(port int64) bool {
	return port >= 0 && port <= LastSystemPort || slices.Contains(Ports, port)
}
