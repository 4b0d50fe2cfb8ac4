package app

import (
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
)

// corpusFlow is a record of the corpus test. Zero numbers of NoData records are absent.
type corpusFlow struct {
	account, region string // of the log
	start           int64
	src, dst        string
	srcPort         int
	dstPort         int
	proto           int
	packets, bytes  int64
	action, status  string
	eni, instance   string
	flags           int
	dir             string
	path            int // 0: absent
}

// corpusNow is when the queries of the corpus are asked.
var corpusNow = time.Date(2026, 11, 20, 12, 30, 0, 0, time.UTC)

var corpusAddresses = []string{
	"10.0.1.14", "10.117.1.22", "10.117.3.9", "10.0.1.100", "10.20.3.14", "192.0.2.1", "203.0.113.2", "192.0.2.254", "172.16.5.5", "172.17.1.1",
	"192.168.4.4", "198.51.100.7", "203.0.113.77", "2001:db8::7",
}

var corpusPorts = []int{443, 443, 22, 80, 389, 3306, 5432, 53, 8443, 31337}

// corpusDays are the days that the queries ask for.
var corpusDays = []string{
	"2020-05-04", "2020-07-15", "2020-07-31", "2021-01-15", "2021-02-14", "2021-03-10", "2021-04-12", "2024-01-10", "2024-01-15", "2024-05-28",
	"2024-11-30", "2025-01-15", "2026-03-10", "2026-05-08", "2026-09-02", "2026-11-17", "2026-11-19", "2026-11-20",
}

// corpusFlows returns the records: random ones of each day, and what the queries look for.
func corpusFlows() []corpusFlow {
	r := rand.New(rand.NewPCG(7, 58)) //nolint:gosec // the same records each time
	var out []corpusFlow
	pick := func(of []string) string { return of[r.IntN(len(of))] }
	random := func(at int64) corpusFlow {
		f := corpusFlow{
			account: "111122223333", region: "us-east-1", start: at, src: pick(corpusAddresses), dst: pick(corpusAddresses),
			srcPort: 1024 + r.IntN(60000), dstPort: corpusPorts[r.IntN(len(corpusPorts))], proto: []int{6, 6, 6, 17, 1}[r.IntN(5)],
			packets: int64(1 + r.IntN(900)), bytes: int64(40 + r.IntN(90000)), action: pick([]string{"ACCEPT", "ACCEPT", "REJECT"}), status: "OK",
			eni: fmt.Sprintf("eni-0000000%d", r.IntN(3)), instance: pick([]string{"i-0123456789abcdef0", "i-000000000000000", "-"}),
			flags: []int{2, 3, 18, 19, 4}[r.IntN(5)], dir: pick([]string{"ingress", "egress"}), path: []int{0, 1, 8}[r.IntN(3)],
		}
		switch r.IntN(12) {
		case 0:
			f.region = "us-west-2"
		case 1:
			f.account = "444455556666"
		case 2:
			f = corpusFlow{account: f.account, region: f.region, start: at, src: "-", dst: "-", action: "-", status: pick([]string{"NODATA", "SKIPDATA"}), eni: f.eni, instance: "-", dir: "-"}
		}
		return f
	}
	for _, day := range corpusDays {
		from, _ := time.Parse(time.DateOnly, day)
		for range 260 {
			hour := []int{1, 6, 11}[r.IntN(3)] // few objects are a quicker test
			out = append(out, random(from.Unix()+int64(hour*3600+r.IntN(3600-60))))
		}
	}
	return append(out, plantedFlows(random)...)
}

// plantedFlows are what the queries look for, that chance does not make.
func plantedFlows(random func(int64) corpusFlow) []corpusFlow {
	var out []corpusFlow
	add := func(n int, at string, change func(f *corpusFlow, i int)) {
		t, _ := time.Parse("2006-01-02T15:04", at)
		for i := range n {
			f := random(t.Unix() + int64(i%50))
			for f.status != "OK" || f.account != "111122223333" || f.region != "us-east-1" {
				f = random(t.Unix() + int64(i%50))
			}
			change(&f, i)
			out = append(out, f)
		}
	}
	add(3, "2020-07-15T09:00", func(f *corpusFlow, _ int) { f.src, f.dst = "192.0.2.1", "203.0.113.2" })
	add(3, "2020-07-15T10:00", func(f *corpusFlow, _ int) { f.src, f.dst = "192.0.2.254", "192.0.2.1" })
	add(4, "2020-07-31T20:02", func(f *corpusFlow, i int) { f.dst = "10.0.1.14"; f.src = []string{"10.0.1.14", "192.0.2.1"}[i%2] })
	add(3, "2020-07-31T21:02", func(f *corpusFlow, _ int) { f.dst, f.proto, f.dstPort, f.action = "10.0.1.14", 17, 389, "ACCEPT" })
	add(3, "2024-05-28T14:10", func(f *corpusFlow, _ int) {
		f.src, f.dst, f.dstPort, f.proto, f.action, f.packets, f.bytes = "198.51.100.7", "10.0.1.100", 443, 17, "ACCEPT", 60_000, 900_000_000
	})
	add(31, "2024-01-15T10:00", func(f *corpusFlow, i int) {
		f.src, f.dst, f.dstPort, f.action, f.flags = "198.51.100.7", "10.0.1.14", 1000+i, "REJECT", 2
	})
	add(3, "2024-01-15T11:00", func(f *corpusFlow, _ int) {
		f.src, f.dst, f.instance, f.dir, f.action, f.bytes = "10.0.1.14", "8.8.8.8", "i-0123456789abcdef0", "egress", "ACCEPT", 590_000_123
	})
	add(121, "2024-01-15T12:00", func(f *corpusFlow, _ int) { f.dst, f.dstPort, f.flags, f.action = "10.0.1.14", 443, 4, "ACCEPT" })
	add(5, "2026-05-08T12:00", func(f *corpusFlow, i int) {
		f.instance, f.dir, f.action, f.dst, f.bytes = "i-0123456789abcdef0", "egress", "ACCEPT", "203.0.113.77", int64(3_000_000+i)
	})
	add(4, "2026-11-20T11:45", func(f *corpusFlow, _ int) {
		f.instance, f.dir, f.bytes, f.dst, f.src, f.action = "i-0aaaaaaaaaaaaaaaa", "egress", 400_000_000, "203.0.113.77", "10.0.1.14", "ACCEPT"
		f.dstPort = 443
	})
	add(5, "2026-11-20T06:45", func(f *corpusFlow, _ int) {
		f.instance, f.dir, f.bytes, f.action, f.dst, f.dstPort = "i-0aaaaaaaaaaaaaaaa", "egress", 1_000_001, "ACCEPT", "203.0.113.77", 31337
	})
	add(30, "2026-11-20T11:50", func(f *corpusFlow, i int) {
		f.src, f.dst, f.dstPort, f.action = "198.51.100.7", "10.0.1.14", 2000+i, "REJECT"
	})
	add(25, "2026-11-19T08:00", func(f *corpusFlow, i int) {
		f.src, f.dst, f.instance, f.dir = "10.0.1.14", fmt.Sprintf("10.0.2.%d", i+1), "i-0123456789abcdef0", "egress"
	})
	add(110, "2024-11-30T08:00", func(f *corpusFlow, i int) {
		f.src, f.dst, f.dstPort, f.dir = "198.51.100.7", "10.0.1.14", 3000+i, "ingress"
	})
	add(2, "2025-01-15T08:00", func(f *corpusFlow, _ int) { f.dstPort, f.action = 22, "REJECT" })
	add(4, "2026-09-02T08:00", func(f *corpusFlow, _ int) { f.src, f.dst = "10.20.3.14", "203.0.113.77" })
	return out
}

// value returns what a column of a table says of the record, by any name that the tables of the corpus have for it. "-" is absent.
func (f *corpusFlow) value(column string) string {
	at := time.Unix(f.start, 0).UTC()
	number := func(n int64) string {
		if f.status != "OK" {
			return "-"
		}
		return strconv.FormatInt(n, 10)
	}
	switch column {
	case "version":
		return "5"
	case "account_id", "account", "accid", "account_partition", "aws-account-id":
		return f.account
	case "interface_id", "interfaceid":
		return f.eni
	case "srcaddr", "sourceaddress", "pkt_srcaddr", "pktsrcaddr":
		return f.src
	case "dstaddr", "destinationaddress", "pkt_dstaddr", "pktdstaddr":
		return f.dst
	case "srcport", "sourceport":
		return number(int64(f.srcPort))
	case "dstport", "destinationport":
		return number(int64(f.dstPort))
	case "protocol":
		return number(int64(f.proto))
	case "packets", "numpackets":
		return number(f.packets)
	case "bytes", "numbytes":
		return number(f.bytes)
	case "start", "starttime", "start_time", "windowstart":
		return strconv.FormatInt(f.start, 10)
	case "end", "endtime", "end_time", "windowend":
		return strconv.FormatInt(f.start+9, 10)
	case "action":
		return f.action
	case "log_status", "logstatus":
		return f.status
	case "vpc_id", "vpcid":
		return "vpc-00000001"
	case "subnet_id", "subnetid":
		return "subnet-00000001"
	case "instance_id", "instanceid":
		return f.instance
	case "tcp_flags", "tcpflags":
		return number(int64(f.flags))
	case "type":
		switch {
		case f.status != "OK":
			return "-"
		case strings.Contains(f.src, ":"):
			return "IPv6"
		}
		return "IPv4"
	case "region", "region_field", "region_partition", "aws-region":
		return f.region
	case "az_id", "azid":
		return "use1-az1"
	case "flow_direction", "flowdirection":
		return f.dir
	case "traffic_path", "trafficpath":
		if f.path == 0 {
			return "-"
		}
		return number(int64(f.path))
	case "date", "dt":
		return at.Format(time.DateOnly)
	case "date_partition":
		return at.Format("2006/01/02")
	case "year":
		return at.Format("2006")
	case "month":
		return at.Format("01")
	case "day":
		return at.Format("02")
	case "hour":
		return at.Format("15")
	case "aws-service":
		return "vpcflowlogs"
	}
	return "-"
}

// corpusColumns are the fields of the objects, in the order of AWS's DDL.
var corpusColumns = strings.Fields(`version account_id interface_id srcaddr dstaddr srcport dstport protocol packets bytes start end action log_status
	vpc_id subnet_id instance_id tcp_flags type pkt_srcaddr pkt_dstaddr region az_id sublocation_type sublocation_id pkt_src_aws_service pkt_dst_aws_service
	flow_direction traffic_path`)

// corpusNumbers are the columns of numbers.
var corpusNumbers = strings.Fields("version srcport dstport protocol packets bytes start end tcp_flags traffic_path")

// objectOf returns the name of the object that a record is delivered in, without its ending, and its folders in both layouts.
func (f *corpusFlow) objectOf() (name, plain, hive string) {
	at := time.Unix(f.start, 0).UTC()
	name = fmt.Sprintf("%s_vpcflowlogs_%s_fl-0123456789abcdef0_%s00Z_0a1b2c3d", f.account, f.region, at.Format("20060102T15"))
	plain = filepath.Join("AWSLogs", f.account, "vpcflowlogs", f.region, at.Format("2006/01/02"))
	hive = filepath.Join("AWSLogs", "aws-account-id="+f.account, "aws-service=vpcflowlogs", "aws-region="+f.region, at.Format("year=2006/month=01/day=02/hour=15"))
	return name, plain, hive
}

// writeText writes the records as AWS's text objects.
func writeText(t *testing.T, root string, flows []corpusFlow) {
	t.Helper()
	texts := map[string]*strings.Builder{}
	header := strings.ReplaceAll(strings.Join(corpusColumns, " "), "_", "-") + "\n"
	for i := range flows {
		name, plain, _ := flows[i].objectOf()
		path := filepath.Join(root, plain, name+".log.gz")
		if texts[path] == nil {
			texts[path] = &strings.Builder{}
			texts[path].WriteString(header)
		}
		values := make([]string, len(corpusColumns))
		for c, column := range corpusColumns {
			values[c] = flows[i].value(column)
		}
		texts[path].WriteString(strings.Join(values, " ") + "\n")
	}
	for path, text := range texts {
		writeGzip(t, path, text.String())
	}
}

func writeGzip(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	z := gzip.NewWriter(&out)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(out.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// writeParquet writes the records as Parquet objects in Hive's layout, as AWS types them.
func writeParquet(t *testing.T, root string, flows []corpusFlow) {
	t.Helper()
	group := parquet.Group{}
	for _, c := range corpusColumns {
		group[c] = parquet.Optional(parquet.String())
		switch {
		case slices.Contains(strings.Fields("version srcport dstport protocol tcp_flags traffic_path"), c):
			group[c] = parquet.Optional(parquet.Int(32))
		case slices.Contains(strings.Fields("packets bytes start end"), c):
			group[c] = parquet.Optional(parquet.Int(64))
		}
	}
	schema := parquet.NewSchema("flow", group)
	objects := map[string][]parquet.Row{}
	for i := range flows {
		name, _, hive := flows[i].objectOf()
		path := filepath.Join(root, hive, name+".log.parquet")
		row := make(parquet.Row, len(schema.Columns()))
		for at, column := range schema.Columns() {
			text := flows[i].value(column[0])
			v := parquet.NullValue().Level(0, 0, at)
			if n, err := strconv.ParseInt(text, 10, 64); group[column[0]].Type().Kind() == parquet.ByteArray {
				v = parquet.ByteArrayValue([]byte(text)).Level(0, 1, at)
			} else if err == nil {
				v = parquet.Int64Value(n).Level(0, 1, at)
				if group[column[0]].Type().Kind() == parquet.Int32 {
					v = parquet.Int32Value(int32(n)).Level(0, 1, at) //nolint:gosec // these fit
				}
			}
			row[at] = v
		}
		objects[path] = append(objects[path], row)
	}
	for path, rows := range objects {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		file, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		w := parquet.NewWriter(file, schema)
		if _, err := w.WriteRows(rows); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
