package source

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// SlotLength is the span of the slots that stand in the names of delivered
// objects: AWS publishes every 5 minutes (spec: c.1, c.2).
const SlotLength = 5 * time.Minute

// Key is what the key of a delivered object tells (spec: c.1). Members that it
// does not tell are zero.
//
// Folder and file name say the account, the region and the time twice. Where
// they disagree the name wins and Conflict says so: AWS writes both alike, so a
// difference comes from a copy that was filed elsewhere, and the name is the
// part that travels with the object.
type Key struct {
	// LogOwner is the 12-digit ID of the account that made the flow log. In a
	// shared VPC the records can be of other accounts.
	LogOwner string
	// Region is the region code, such as "eu-west-1".
	Region string
	// FlowLogID is the flow log's id, "fl-...".
	FlowLogID string
	// Slot is the start, UTC, of the 5 minutes in which the object's records
	// ended. It comes from the file name only; a folder is no finer than an
	// hour.
	Slot time.Time
	// Hash is the part of the name that makes it unique.
	Hash string
	// Parquet says that the name ends in ".parquet".
	Parquet bool
	// FolderFrom and FolderTo bound the slots of the folder, UTC, from
	// inclusive, to exclusive: an hour, a day, a month or a year.
	FolderFrom, FolderTo time.Time
	// Conflict names what folder and name say differently, or is "".
	Conflict string
}

// fileName is AWS's name of a delivered object. The hash has 8 hex digits in all
// names seen (spec: c.1), but no document says that it must. Suffixes seen are
// ".log.gz", ".log.parquet", ".parquet" and, unpacked, ".log".
var fileName = regexp.MustCompile(
	`^([0-9]{12})_vpcflowlogs_([a-z0-9-]+)_(fl-[0-9a-z]+)_([0-9]{8}T[0-9]{4}Z)_([0-9A-Za-z]+)(\.[0-9A-Za-z.]+)?$`)

// nameTime is the layout of the time in a file name.
const nameTime = "20060102T1504Z"

// ParseKey reads an object's key, or the path of a file, in any of AWS's four
// layouts, below any prefix. It reports false, with a zero Key, where neither the
// name is AWS's nor the folder one in which flow logs lie.
func ParseKey(key string) (Key, bool) {
	dir, name := path.Split(key)
	f := ParseFolder(dir)
	k := Key{LogOwner: f.LogOwner, Region: f.Region, FolderFrom: f.From, FolderTo: f.To}
	m := fileName.FindStringSubmatch(name)
	if m == nil {
		return placed(k, f, name)
	}
	slot, err := time.Parse(nameTime, m[4])
	if err != nil || slot.Unix() < 0 {
		return placed(k, f, name)
	}
	k.Conflict = conflict(f, m[1], m[2], slot)
	k.LogOwner, k.Region, k.FlowLogID, k.Slot, k.Hash = m[1], m[2], m[3], slot, m[5]
	k.Parquet = isParquet(name)
	return k, true
}

// placed returns the Key of an object whose name is not AWS's.
func placed(k Key, f Folder, name string) (Key, bool) {
	if f.Service != flowLogService {
		return Key{}, false
	}
	k.Parquet = isParquet(name)
	return k, true
}

func isParquet(name string) bool {
	return strings.HasSuffix(strings.ToLower(name), ".parquet")
}

// conflict says in what the name of an object differs from its folder.
func conflict(f Folder, owner, region string, slot time.Time) string {
	var out []string
	if f.LogOwner != "" && f.LogOwner != owner {
		out = append(out, fmt.Sprintf("account %s in the folder, %s in the name", f.LogOwner, owner))
	}
	if f.Region != "" && f.Region != region {
		out = append(out, fmt.Sprintf("region %s in the folder, %s in the name", f.Region, region))
	}
	if !f.From.IsZero() && (slot.Before(f.From) || !slot.Before(f.To)) {
		out = append(out, fmt.Sprintf("time %s in the name, outside its folder", slot.Format(nameTime)))
	}
	return strings.Join(out, "; ")
}

// Sort puts objects in the order of their slots, those of one slot by key.
// Objects without a slot come last, by modification time, then by key.
func Sort(objects []Object) {
	slices.SortFunc(objects, func(a, b Object) int {
		sa, sb := a.Info.Slot, b.Info.Slot
		switch {
		case sa.IsZero() && sb.IsZero():
			if c := a.ModTime.Compare(b.ModTime); c != 0 {
				return c
			}
		case sa.IsZero():
			return 1
		case sb.IsZero():
			return -1
		default:
			if c := sa.Compare(sb); c != 0 {
				return c
			}
		}
		if c := strings.Compare(a.Key, b.Key); c != 0 {
			return c
		}
		return strings.Compare(a.URL, b.URL)
	})
}
