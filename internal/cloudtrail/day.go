package cloudtrail

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"time"
)

// Day is what a log file tells of a day (UTC) of an account and region: that CloudTrail logged
// there. Log files lie in a folder for each day, so that a day of which there is no record is
// one whose folder may be missing.
type Day struct {
	Account, Region string
	Day             time.Time // its beginning
	// From is from when on records of the day that are not in the file are in files which
	// CloudTrail delivered later: the file's delivery as its name says, else its last record; the
	// day's end where the file was delivered on another one.
	From time.Time
	// Last is the last record of the day; its beginning where there is none.
	Last time.Time
	// Writes says that a call which changes something is among the records: a trail may log
	// only those that read.
	Writes bool
}

// delivered is the time in a log file's name.
//
// Source: CloudTrail user guide, "CloudTrail log file name format".
var delivered = regexp.MustCompile(`_CloudTrail_[a-z0-9-]+_([0-9]{8}T[0-9]{4}Z)_[^/]*$`)

// days returns the days that a file's records are of, and those of its delivery, in order.
// Records of management events count: a trail of others says nothing of calls that are none of
// theirs.
func days(name string, records []json.RawMessage) []Day {
	type key struct {
		account, region string
		day             time.Time
	}
	found := map[key]*Day{}
	day := func(account, region string, t time.Time) *Day {
		k := key{account, region, t.Truncate(24 * time.Hour)}
		if found[k] == nil {
			found[k] = &Day{account, region, k.day, k.day.Add(24 * time.Hour), k.day, false}
		}
		return found[k]
	}
	var last time.Time
	places := map[key]bool{}
	for _, raw := range records {
		var r struct {
			head
			EventTime          time.Time `json:"eventTime"`
			EventCategory      string    `json:"eventCategory"`
			Region             string    `json:"awsRegion"`
			RecipientAccountID string    `json:"recipientAccountId"`
			UserIdentity       struct {
				AccountID string `json:"accountId"`
			} `json:"userIdentity"`
		}
		if json.Unmarshal(raw, &r) != nil || r.EventTime.IsZero() || r.EventCategory != "" && r.EventCategory != "Management" || r.EventType == "AwsCloudTrailInsight" {
			continue
		}
		account, t := cmp.Or(r.RecipientAccountID, r.UserIdentity.AccountID), r.EventTime.UTC()
		if account == "" || r.Region == "" {
			continue
		}
		if t.After(last) {
			last = t
		}
		places[key{account: account, region: r.Region}] = true
		d := day(account, r.Region, t)
		if t.After(d.Last) {
			d.Last = t
		}
		d.Writes = d.Writes || !r.reads()
	}
	from := last
	if m := delivered.FindStringSubmatch(name); m != nil {
		if t, err := time.Parse("20060102T1504Z", m[1]); err == nil {
			from = t
		}
	}
	for p := range places {
		day(p.account, p.region, from).From = from
	}
	var out []Day
	for _, d := range found {
		out = append(out, *d)
	}
	slices.SortFunc(out, func(a, b Day) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region), a.Day.Compare(b.Day))
	})
	return out
}
