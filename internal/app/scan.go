package app

import (
	"context"
	"time"

	"weir/internal/diagnose"
	"weir/internal/query"
)

// ScanRequest asks for brute force and scans.
type ScanRequest struct {
	Thresholds diagnose.Thresholds
	Scope      query.Scope
	// Data is the data directory, for the imported definitions.
	Data string
}

// ScanReport says who tried what.
type ScanReport struct {
	// Found are what is over the thresholds: what was answered first, then what was accepted.
	Found []Scan `json:"found"`
	// Records counts the records with an action, Lacking those of them that lack addresses, the
	// protocol or ports, and Unflagged those of TCP without tcp-flags.
	Records   int64 `json:"records"`
	Lacking   int64 `json:"lacking"`
	Unflagged int64 `json:"unflagged"`
	// Unasked counts findings with accepted attempts for which no definition was asked, since
	// they are many.
	Unasked int `json:"unasked,omitempty"`
	// Names are those that the definition has for ENIs, by address.
	Names map[string]string `json:"names,omitempty"`
}

// Scan is a finding, and what a definition says of it.
type Scan struct {
	diagnose.Scan
	// More counts the targets that are not in Targets.
	More int `json:"more_targets,omitempty"`
	// Rules are what decides about the targets, those that let in first.
	Rules []ScanRule `json:"rules,omitempty"`
	// Stops are changes of which each stops what was let in, but for what it says.
	Stops []ScanStop `json:"stops,omitempty"`
	// Doubts are why the definition may have been another at that time.
	Doubts []string `json:"doubts,omitempty"`
}

// ScanRule is what decides about some targets.
type ScanRule struct {
	Action string `json:"action"`
	// Direction is ingress at a host, and egress at the source where the definition has no ENI
	// of the host.
	Direction string `json:"direction"`
	// Rules are the rules of groups that let in, or what refuses; Entry is the network ACL's
	// entry that was asked.
	Rules []string `json:"rules"`
	Entry string   `json:"entry,omitempty"`
	// Interfaces are the ENIs at which it decides.
	Interfaces []string `json:"interfaces"`
	// Attempts count those at these targets, and Against those of them of which the records say
	// otherwise.
	Attempts int64 `json:"attempts"`
	Against  int64 `json:"against,omitempty"`
}

// ScanStop is a change, and what else it stops.
type ScanStop struct {
	diagnose.Stop
	// Sources and Connections count who else used what it closes in that time, and was
	// answered; the most busy are in Else.
	Sources     int        `json:"else_sources"`
	Connections int64      `json:"else_connections"`
	Else        []ScanElse `json:"else,omitempty"`
}

// ScanElse is what somebody else did in the same time, and could not any more.
type ScanElse struct {
	Source      string `json:"source"`
	Connections int64  `json:"connections"`
}

// maxTargets bounds the targets of a finding that are told.
const maxTargets = 100

// Scans finds brute force and scans in the records, and, where a definition was imported, the
// rules that let them in and what would stop them.
func Scans(ctx context.Context, s Service, req ScanRequest) (*ScanReport, error) {
	w := scan{ctx: ctx, s: s, req: req, report: &ScanReport{Found: []Scan{}}}
	err := eachAnswer(ctx, s, SQLRequest{SQL: scanCoverage, Scope: req.Scope}, func(row []any) {
		w.report.Records, w.report.Lacking, w.report.Unflagged = integer(row[0]), integer(row[1]), integer(row[2])
	})
	if err != nil {
		return nil, err
	}
	where, err := w.candidates()
	if err != nil || where == "" {
		return w.report, err
	}
	list, err := w.attempts(where)
	if err != nil {
		return nil, err
	}
	for _, f := range diagnose.Scans(list, req.Thresholds) {
		w.report.Found = append(w.report.Found, Scan{Scan: f})
	}
	if err := w.rules(); err != nil {
		return nil, err
	}
	for i := range w.report.Found {
		f := &w.report.Found[i]
		f.More = max(len(f.Targets)-maxTargets, 0)
		f.Targets = f.Targets[:len(f.Targets)-f.More]
	}
	return w.report, nil
}

// scanCoverage asks what can be looked at.
const scanCoverage = `
SELECT count(*), count(*) FILTER (srcaddr IS NULL OR dstaddr IS NULL OR protocol IS NULL OR protocol IN (6, 17) AND (srcport IS NULL OR dstport IS NULL)),
	count(*) FILTER (protocol = 6 AND tcp_flags IS NULL)
FROM vpc_flow_logs WHERE action IS NOT NULL`

// scan is the work on a request.
type scan struct {
	ctx    context.Context
	s      Service
	req    ScanRequest
	report *ScanReport
}

// eachAnswer asks, and calls do with each row.
func eachAnswer(ctx context.Context, s Service, r SQLRequest, do func(row []any)) error {
	return eachSQLRow(ctx, s, r, func(row []any) error {
		do(row)
		return nil
	})
}

// moment returns the time of seconds since the epoch.
func moment(seconds int64) time.Time { return time.Unix(seconds, 0) }
