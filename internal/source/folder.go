package source

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// flowLogService is the service folder of VPC and of transit gateway flow logs.
const flowLogService = "vpcflowlogs"

// Level says how deep a folder lies in AWS's key layouts.
type Level uint8

// The levels, from the outside in. Foreign is a folder of another service's logs,
// or one inside it. Unknown is a folder below AWSLogs that no layout has, or one
// inside it; its Folder keeps what the folders above it tell.
const (
	Outside Level = iota
	Root          // AWSLogs/, or AWSLogs/<organization>/
	Account
	Service
	Region
	Year
	Month
	Day
	Hour
	Foreign
	Unknown
)

// Folder is what the path of a folder tells, in any of AWS's four layouts.
type Folder struct {
	// Level is the place of the folder's last part.
	Level Level
	// LogOwner and Region are as in [Key].
	LogOwner, Region string
	// Service is the name of the service folder, without "aws-service=";
	// "vpcflowlogs" is the one of flow logs.
	Service string
	// ServiceFolder is the path up to the service folder, with its "/".
	ServiceFolder string
	// From and To bound the slots of the objects in the folder, UTC, from
	// inclusive, to exclusive; zero where no time is in the path.
	From, To time.Time
}

var (
	organization = regexp.MustCompile(`^o-[a-z0-9]{10,32}$`)
	accountID    = regexp.MustCompile(`^[0-9]{12}$`)
	regionCode   = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]+$`)
)

// ParseFolder reads the path of a folder: the part of a key up to and with its
// last "/". Any prefix may stand before AWSLogs; the last AWSLogs counts, since
// AWS's own may not lie in a folder of that name (spec: c.1).
func ParseFolder(dir string) Folder {
	var f Folder
	rest, at := dir, 0
	for part, next, more := strings.Cut(rest, "/"); more; part, next, more = strings.Cut(rest, "/") {
		at += len(part) + 1
		rest = next
		if part == "AWSLogs" {
			f = Folder{Level: Root}
			continue
		}
		f.enter(part)
		if f.Level == Service && f.ServiceFolder == "" || f.Level == Foreign && f.ServiceFolder == "" {
			f.ServiceFolder = dir[:at]
		}
	}
	return f
}

// enter goes one folder deeper. Dates that do not exist are no part of a layout.
func (f *Folder) enter(part string) {
	switch f.Level {
	case Outside, Foreign, Unknown:
		return
	case Root:
		if organization.MatchString(part) {
			return
		}
		f.account(hive(part, "aws-account-id"))
	case Account:
		name := hive(part, "aws-service")
		if name == part {
			name = hive(part, "service")
		}
		f.service(name)
	case Service:
		f.region(hive(part, "aws-region"))
	case Region:
		f.time(Year, hive(part, "year"), 4)
	case Year:
		f.time(Month, hive(part, "month"), 2)
	case Month:
		f.time(Day, hive(part, "day"), 2)
	case Day:
		f.time(Hour, hive(part, "hour"), 2)
	case Hour:
		f.Level = Unknown
	}
}

// hive returns the value of a Hive-style folder "name=value", or part as it is.
func hive(part, name string) string {
	if v, ok := strings.CutPrefix(part, name+"="); ok {
		return v
	}
	return part
}

func (f *Folder) account(name string) {
	if !accountID.MatchString(name) {
		f.Level = Unknown
		return
	}
	f.Level, f.LogOwner = Account, name
}

func (f *Folder) service(name string) {
	f.Service = name
	f.Level = Foreign
	if name == flowLogService {
		f.Level = Service
	}
}

func (f *Folder) region(name string) {
	if !regionCode.MatchString(name) {
		f.Level = Unknown
		return
	}
	f.Level, f.Region = Region, name
}

// time narrows the bounds by one year, month, day or hour of so many digits.
func (f *Folder) time(to Level, digits string, width int) {
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || len(digits) != width {
		f.Level = Unknown
		return
	}
	from, until, ok := narrow(f.From, to, int(n))
	if !ok {
		f.Level = Unknown
		return
	}
	f.Level, f.From, f.To = to, from, until
}

// narrow returns the bounds of the n-th unit inside the one that begins at base,
// and false where there is no such unit.
func narrow(base time.Time, unit Level, n int) (from, to time.Time, ok bool) {
	y, m, d := base.Date()
	switch unit {
	case Year:
		from, to = day(n, 1, 1), day(n+1, 1, 1)
		ok = n >= 1970 // no log is older than the epoch, and year 1 would be the zero time
	case Month:
		from, to = day(y, n, 1), day(y, n+1, 1)
		ok = n >= 1 && n <= 12
	case Day:
		from, to = day(y, int(m), n), day(y, int(m), n+1)
		ok = n >= 1 && from.Month() == m
	case Hour:
		from = day(y, int(m), d).Add(time.Duration(n) * time.Hour)
		to = from.Add(time.Hour)
		ok = n < 24
	}
	return from, to, ok
}

func day(y, m, d int) time.Time {
	return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
}
