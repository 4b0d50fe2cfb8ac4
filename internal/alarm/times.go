package alarm

import "time"

// isoForm is the form of isoTime.
const isoForm = "2006-01-02T15:04:05.000-0700"

// isoTime is how AWS writes a time in JSON of alarms, here of milliseconds since the epoch: 2019-10-02T17:04:40.985+0000.
func isoTime(ms int64) string { return time.UnixMilli(ms).UTC().Format(isoForm) }

// pointTime is how AWS writes the time of a datapoint in a reason, here of seconds since the epoch: (06/03/23 17:03:00), the day first.
func pointTime(s int64) string { return time.Unix(s, 0).UTC().Format("(02/01/06 15:04:05)") }

// longTime is how AWS writes a time in the reason of a composite alarm: Friday 04 August, 2023 12:54:46 UTC.
func longTime(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("Monday 02 January, 2006 15:04:05 MST")
}
