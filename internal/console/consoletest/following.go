package main

import (
	"time"

	"weir/internal/console"
)

// followed returns a source that is followed, one that fails, and one that no process
// follows any more.
func followed(now time.Time) []console.Followed {
	since := begin.Add(24 * time.Hour)
	return []console.Followed{
		{
			Source: "cwl:/aws/vpc/flowlogs", Running: true, Process: 4711, Since: since, Updated: now,
			Looked: now.Add(-20 * time.Second), Good: now.Add(-5 * time.Minute),
			Error: "cannot read cwl:/aws/vpc/flowlogs: access denied", Failed: 6, FailedSince: now.Add(-4 * time.Minute), Retry: now.Add(40 * time.Second),
		},
		{
			Source: "s3://my-bucket/AWSLogs", Running: true, Process: 4711, Since: since, Updated: now,
			Looked: now.Add(-12 * time.Second), Good: now.Add(-12 * time.Second), Objects: 3, Records: 4321, BadLines: 1,
			LastObject: "s3://my-bucket/AWSLogs/newest.log.gz", LastTaken: now.Add(-70 * time.Second),
			Gone: 2, GoneFrom: begin, GoneLooked: now.Add(-6 * time.Minute),
		},
		{Source: "/srv/logs", Process: 99, Since: since, Updated: since, Looked: since, Good: since},
	}
}
