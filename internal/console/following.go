package console

import (
	"context"
	"time"
)

// Followed is the state of following a source, or a queue that tells of new objects.
// Times are zero where there is none.
type Followed struct {
	// Source is the source's name, or the queue's URL or ARN.
	Source string
	// Running says that the process with the id Process follows it now. Otherwise all
	// else is as it was at Updated.
	Running        bool
	Process        int
	Since, Updated time.Time
	// Looked is when the source was last looked at, and Good when that last worked.
	Looked, Good time.Time
	// Objects, Records and BadLines were taken since Since, the object LastObject last,
	// at LastTaken.
	Objects, Records, BadLines int64
	LastObject                 string
	LastTaken                  time.Time
	// Gone counts the objects that were taken and were gone from the source at
	// GoneLooked, of those whose keys say that they are of GoneFrom or later.
	Gone                 int64
	GoneFrom, GoneLooked time.Time
	// Error is why the last look failed, Failed how many did one after the other since
	// FailedSince, and Retry when the next one comes; "" where it worked.
	Error              string
	Failed             int
	FailedSince, Retry time.Time
}

// followingAnswer is the answer of following.
type followingAnswer struct {
	Now     int64            `json:"now"`
	Sources []followedAnswer `json:"sources"`
}

// followedAnswer is a Followed as the API writes it.
type followedAnswer struct {
	Source      string  `json:"source"`
	Running     bool    `json:"running"`
	Process     int     `json:"process"`
	Since       int64   `json:"since"`
	Updated     int64   `json:"updated"`
	Looked      *int64  `json:"last_look"`
	Good        *int64  `json:"last_good_look"`
	Objects     integer `json:"objects"`
	Records     integer `json:"records"`
	BadLines    integer `json:"bad_lines"`
	LastObject  string  `json:"last_object"`
	LastTaken   *int64  `json:"last_taken"`
	Gone        integer `json:"gone_objects"`
	GoneFrom    *int64  `json:"gone_from"`
	GoneLooked  *int64  `json:"gone_looked"`
	Error       string  `json:"error"`
	Failed      int     `json:"failed_looks"`
	FailedSince *int64  `json:"failing_since"`
	Retry       *int64  `json:"next_try"`
}

// following answers which sources are followed, and how that goes.
func (c *console) following(ctx context.Context, _ *request) (any, error) {
	sources, err := c.Following(ctx)
	if err != nil {
		return nil, err
	}
	answer := followingAnswer{Now: c.Now().Unix(), Sources: make([]followedAnswer, len(sources))}
	for i := range sources {
		f := &sources[i]
		answer.Sources[i] = followedAnswer{
			Source: f.Source, Running: f.Running, Process: f.Process, Since: f.Since.Unix(), Updated: f.Updated.Unix(),
			Looked: epochOf(f.Looked), Good: epochOf(f.Good),
			Objects: integer(f.Objects), Records: integer(f.Records), BadLines: integer(f.BadLines),
			LastObject: f.LastObject, LastTaken: epochOf(f.LastTaken),
			Gone: integer(f.Gone), GoneFrom: epochOf(f.GoneFrom), GoneLooked: epochOf(f.GoneLooked),
			Error: f.Error, Failed: f.Failed, FailedSince: epochOf(f.FailedSince), Retry: epochOf(f.Retry),
		}
	}
	return answer, nil
}
