package sourcetest

import (
	"fmt"
	"time"
)

// object is one object of the suite, with what its maker knows of it.
type object struct {
	key     string
	slot    time.Time // zero: the name does not tell
	owner   string
	region  string
	foreign string // the folder of another service's logs, or ""
}

// The accounts and regions of the suite's objects.
var (
	owners  = []string{"111122223333", "444455556666"}
	regions = []string{"us-east-1", "eu-west-1"}
)

// layout writes the folder of an account, region and slot.
type layout struct {
	name   string
	prefix string
	folder func(owner, region string, slot time.Time) string
}

// layouts are AWS's four, below prefixes of all kinds, with an organization and
// with the Hive level that the transit gateway guide prints.
var layouts = []layout{
	{"default", "", func(o, r string, t time.Time) string {
		return fmt.Sprintf("AWSLogs/%s/vpcflowlogs/%s/%s/", o, r, t.Format("2006/01/02"))
	}},
	{"hourly", "network/prod/", func(o, r string, t time.Time) string {
		return fmt.Sprintf("AWSLogs/%s/vpcflowlogs/%s/%s/", o, r, t.Format("2006/01/02/15"))
	}},
	{"hive", "hive/", func(o, r string, t time.Time) string {
		return fmt.Sprintf("AWSLogs/aws-account-id=%s/aws-service=vpcflowlogs/aws-region=%s/%s/", o, r, t.Format("year=2006/month=01/day=02"))
	}},
	{"hive hourly", "hive hours/", func(o, r string, t time.Time) string {
		return fmt.Sprintf("AWSLogs/aws-account-id=%s/aws-service=vpcflowlogs/aws-region=%s/%s/", o, r, t.Format("year=2006/month=01/day=02/hour=15"))
	}},
	{"organization", "org/", func(o, r string, t time.Time) string {
		return fmt.Sprintf("AWSLogs/o-a1b2c3d4e5/%s/vpcflowlogs/%s/%s/", o, r, t.Format("2006/01/02"))
	}},
	{"transit gateway hive", "tgw/", func(o, r string, t time.Time) string {
		return fmt.Sprintf("AWSLogs/aws-account-id=%s/service=vpcflowlogs/aws-region=%s/%s/", o, r, t.Format("year=2006/month=01/day=02"))
	}},
}

// at is a moment of the suite.
func at(text string) time.Time {
	t, err := time.Parse("2006-01-02T15:04", text)
	if err != nil {
		panic(err)
	}
	return t
}

// slots lie around a midnight, around a new year, and far from both.
var slots = []time.Time{
	at("2025-12-31T23:55"), at("2026-01-01T00:00"),
	at("2026-03-01T23:40"), at("2026-03-01T23:50"), at("2026-03-01T23:55"),
	at("2026-03-02T00:00"), at("2026-03-02T00:05"), at("2026-03-02T00:35"), at("2026-03-02T00:40"), at("2026-03-02T00:45"),
	at("2026-03-02T12:00"), at("2026-03-10T10:00"),
}

// objects returns all objects of the suite.
func objects() []object {
	var out []object
	for i, l := range layouts {
		for j, owner := range owners {
			for k, region := range regions {
				for n, slot := range slots {
					id := fmt.Sprintf("fl-0%016x", i<<8|j<<4|k)
					suffix := ".log.gz"
					if n%3 == 2 {
						suffix = ".log.parquet"
					}
					name := fmt.Sprintf("%s_vpcflowlogs_%s_%s_%s_%08x%s",
						owner, region, id, slot.Format("20060102T1504Z"), n*7919, suffix)
					out = append(out, object{key: l.prefix + l.folder(owner, region, slot) + name, slot: slot, owner: owner, region: region})
				}
			}
		}
	}
	for _, service := range []string{"CloudTrail", "elasticloadbalancing", "Config"} {
		folder := "AWSLogs/" + owners[0] + "/" + service + "/"
		out = append(out, object{key: folder + "us-east-1/2026/03/02/" + service + ".json.gz", foreign: folder})
	}
	return append(out,
		object{key: "notes.txt"},
		object{key: "other/tables/a b+c%d/part.log"},
		object{key: "AWSLogs/" + owners[1] + "/vpcflowlogs/" + regions[1] + "/2026/03/02/renamed.log", owner: owners[1], region: regions[1]},
	)
}

// content returns the bytes of an object: different ones for each.
func (o object) content() string { return "content of " + o.key + "\n" }
