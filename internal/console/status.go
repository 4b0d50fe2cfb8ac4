package console

import (
	"context"
	"time"
)

// statusAnswer is the answer of status.
type statusAnswer struct {
	Version string        `json:"version"`
	Now     int64         `json:"now"`
	User    *string       `json:"user"`
	Tables  []tableAnswer `json:"tables"`
}

// tableAnswer is a TableStatus as the API writes it.
type tableAnswer struct {
	Kind    string  `json:"kind"`
	Records integer `json:"records"`
	Objects integer `json:"objects"`
	Bytes   integer `json:"bytes"`
	Oldest  *int64  `json:"oldest"`
	Newest  *int64  `json:"newest"`
}

// status answers what the lake holds, with a table of each kind.
func (c *console) status(ctx context.Context, _ *request) (any, error) {
	status, err := c.Status(ctx)
	if err != nil {
		return nil, err
	}
	answer := statusAnswer{
		Version: c.Version, Now: c.Now().Unix(),
		Tables: []tableAnswer{{Kind: "vpc"}, {Kind: "tgw"}},
	}
	if user, ok := userOf(ctx); ok {
		answer.User = &user
	}
	for _, t := range status.Tables {
		for i := range answer.Tables {
			if answer.Tables[i].Kind != t.Kind.String() {
				continue
			}
			answer.Tables[i] = tableAnswer{
				Kind: t.Kind.String(), Records: integer(t.Records), Objects: integer(t.Objects),
				Bytes: integer(t.Bytes), Oldest: epochOf(t.Oldest), Newest: epochOf(t.Newest),
			}
		}
	}
	return answer, nil
}

// epochOf returns a moment in seconds since the epoch, or nil for the zero time.
func epochOf(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	n := t.Unix()
	return &n
}
