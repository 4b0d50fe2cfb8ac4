package flowtable

import (
	"strings"
	"time"

	"weir/internal/source"
)

// Layout is how the keys of objects are made, and below which folder.
type Layout struct {
	// Root is the folder that holds those of the accounts, with its "/": "s3://bucket/prefix/AWSLogs/". Of objects whose keys are not AWS's it is
	// the folder that holds them all.
	Root string
	// Hive says that folders are named "year=2026", Hourly that each hour has a folder.
	Hive, Hourly bool
	// Flat says that the keys are not as AWS makes them: they tell no account, region or day.
	Flat bool
}

// Place is where one object lies.
type Place struct {
	Layout
	Account, Region string
	Day             time.Time // UTC
}

// ParsePlace reads the URL of an object, "s3://..." or "file:///...". Where its folders are not as AWS makes them, it reports false.
func ParsePlace(url string) (Place, bool) {
	dir := url[:strings.LastIndexByte(url, '/')+1]
	f := source.ParseFolder(dir)
	if f.Level != source.Day && f.Level != source.Hour {
		return Place{}, false
	}
	parts := strings.SplitAfter(f.ServiceFolder, "/") // its last part is ""
	if len(parts) < 4 {
		return Place{}, false
	}
	account := parts[len(parts)-3]
	hive := strings.Contains(account, "=")
	if hive != strings.Contains(dir[len(f.ServiceFolder):], "=") || hive != strings.Contains(parts[len(parts)-2], "=") {
		return Place{}, false // some folders in one form and some in the other
	}
	return Place{
		Layout:  Layout{Root: strings.Join(parts[:len(parts)-3], ""), Hive: hive, Hourly: f.Level == source.Hour},
		Account: f.LogOwner, Region: f.Region, Day: f.From.Truncate(24 * time.Hour),
	}, true
}

// folder returns the folder of an account and region, or of one of its days.
func (l Layout) folder(account, region string, day time.Time) string {
	names := []string{account, flowLogs, region}
	form := "2006/01/02/"
	if l.Hive {
		names = []string{"aws-account-id=" + account, "aws-service=" + flowLogs, "aws-region=" + region}
		form = "year=2006/month=01/day=02/"
	}
	out := l.Root + strings.Join(names, "/") + "/"
	if !day.IsZero() {
		out += day.Format(form)
	}
	return out
}

// flowLogs is the name of the service in keys.
const flowLogs = "vpcflowlogs"
