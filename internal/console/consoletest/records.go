package main

import (
	"cmp"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"weir/flowlog"
)

// format is the format of the records: the default fields, some newer ones, and
// one that weir does not know.
const format = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end " +
	"action log-status vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id flow-direction " +
	"traffic-path weir-hour weir-object weir-flow-log-id weir-region some-new-field weir-repeat"

// begin is the start of the first record; the records last for a day.
var begin = time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)

// service is what some hosts offer to others.
type service struct {
	addr, eni string
	port      int
	protocol  int
	weight    int // how much of the traffic is its
	bytes     int // of a typical record
}

var services = []service{
	{"10.0.1.10", "eni-0a1b2c3d4e5f60001", 443, 6, 40, 42_000},
	{"10.0.1.11", "eni-0a1b2c3d4e5f60002", 443, 6, 22, 38_000},
	{"10.0.2.20", "eni-0a1b2c3d4e5f60003", 5432, 6, 16, 64_000},
	{"10.0.2.21", "eni-0a1b2c3d4e5f60004", 6379, 6, 9, 9_000},
	{"10.0.0.2", "eni-0a1b2c3d4e5f60005", 53, 17, 10, 900},
	{"2600:1f16:abc:de00::15", "eni-0a1b2c3d4e5f60006", 443, 6, 5, 51_000},
}

// traffic writes records of so many minutes as flow log text, the same ones for
// the same minutes. Its stories: by day there is more traffic than at night, at
// 09:00 a host copies a database, at first with both ends recorded, and from 14:02 on
// a scanner is refused.
func traffic(from time.Time, minutes int) string {
	var out strings.Builder
	out.WriteString(format + "\n")
	random := rand.New(rand.NewPCG(uint64(from.Unix()), 7))
	for m := range minutes {
		at := from.Add(time.Duration(m) * time.Minute)
		flows := 2
		if h := at.Hour(); h >= 7 && h < 19 {
			flows = 5
		}
		for range flows {
			writeFlow(&out, random, at)
		}
		if at.Hour() == 9 && at.Minute() < 40 {
			copied := record{
				at: at, eni: services[2].eni, src: services[2].addr, dst: "10.0.9.99", sport: 5432, dport: 50_112,
				protocol: 6, packets: 220, bytes: 300_000, action: "ACCEPT", flags: 16, direction: "egress",
			}
			write(&out, copied)
			if at.Minute() < 5 {
				copied.eni, copied.direction, copied.repeat = "eni-0a1b2c3d4e5f60007", "ingress", "receiver"
				write(&out, copied)
			}
		}
		if s := at.Sub(begin) % (24 * time.Hour); s >= 14*time.Hour+2*time.Minute && s < 15*time.Hour {
			for range 2 {
				write(&out, record{
					at: at, eni: services[0].eni, src: "203.0.113.77", dst: services[0].addr, sport: 40_000 + random.IntN(20_000),
					dport: 1 + random.IntN(1024), protocol: 6, packets: 1, bytes: 44, action: "REJECT", flags: 2, direction: "ingress",
				})
			}
		}
		if m%10 == 0 {
			fmt.Fprintf(&out, "5 123456789012 eni-0a1b2c3d4e5f60009 - - - - - - - %d %d - NODATA vpc-0aa11 subnet-0bb22 - - - - - eu-central-1 euc1-az1 - - %d s3://lake/nodata fl-0cc33 eu-central-1 - -\n",
				at.Unix(), at.Unix()+59, at.Unix())
		}
	}
	return out.String()
}

// gatewayTraffic returns transit gateway records of so many minutes, one each ten
// minutes in either direction.
func gatewayTraffic(from time.Time, minutes int) string {
	var out strings.Builder
	out.WriteString("version resource-type account-id tgw-id tgw-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes " +
		"start end log-status packets-lost-no-route weir-hour\n")
	for m := 0; m < minutes; m += 10 {
		at := from.Add(time.Duration(m) * time.Minute).Unix()
		fmt.Fprintf(&out, "6 TransitGateway 123456789012 tgw-0e1 tgw-attach-0e11 10.1.0.5 10.2.0.9 41000 443 6 40 %d %d %d OK 0 %d\n",
			30_000+100*m, at, at+59, at)
		fmt.Fprintf(&out, "6 TransitGateway 123456789012 tgw-0e1 tgw-attach-0e22 10.2.0.9 10.1.0.5 443 41000 6 60 %d %d %d OK 2 %d\n",
			90_000+50*m, at, at+59, at)
	}
	return out.String()
}

// record is one record to write.
type record struct {
	at             time.Time
	eni, src, dst  string
	sport, dport   int
	protocol       int
	packets, bytes int
	action         string
	flags          int
	direction      string
	repeat         string // "": "-"
}

// writeFlow writes a request to some service, and at times its answer or a refused
// one.
func writeFlow(out *strings.Builder, random *rand.Rand, at time.Time) {
	s := pick(random)
	client := fmt.Sprintf("10.0.%d.%d", 4+random.IntN(3), 10+random.IntN(40))
	if strings.Contains(s.addr, ":") {
		client = fmt.Sprintf("2600:1f16:abc:de01::%x", 16+random.IntN(20))
	}
	at = at.Add(time.Duration(random.IntN(60)) * time.Second)
	port := 32_768 + random.IntN(28_000)
	size := s.bytes/2 + random.IntN(s.bytes)
	r := record{
		at: at, eni: s.eni, src: client, dst: s.addr, sport: port, dport: s.port, protocol: s.protocol,
		packets: 3 + size/9000, bytes: 200 + size/12, action: "ACCEPT", direction: "ingress",
	}
	if s.protocol == 6 {
		r.flags = 2
	}
	if random.IntN(25) == 0 {
		r.action, r.packets, r.bytes, r.dport = "REJECT", 1, 60, 22
	}
	write(out, r)
	if r.action == "ACCEPT" {
		r.src, r.dst, r.sport, r.dport, r.direction = r.dst, r.src, r.dport, r.sport, "egress"
		r.packets, r.bytes = 4+size/1400, size
		if s.protocol == 6 {
			r.flags = 18
		}
		write(out, r)
	}
}

// pick chooses a service by its weight.
func pick(random *rand.Rand) service {
	n := random.IntN(102)
	for _, s := range services {
		if n -= s.weight; n < 0 {
			return s
		}
	}
	return services[0]
}

// write writes a record as a line of the format.
func write(out *strings.Builder, r record) {
	family, path := "IPv4", "-"
	if strings.Contains(r.src, ":") {
		family = "IPv6"
	}
	if r.direction == "egress" {
		path = "1"
	}
	slot := r.at.Truncate(5 * time.Minute)
	fmt.Fprintf(out, "5 123456789012 %s %s %s %d %d %d %d %d %d %d %s OK vpc-0aa11 subnet-0bb22 i-0dd44 %d %s %s %s eu-central-1 euc1-az1 %s %s %d s3://lake/%s.log.gz fl-0cc33 eu-central-1 blue %s\n",
		r.eni, r.src, r.dst, r.sport, r.dport, r.protocol, r.packets, r.bytes, r.at.Unix(), r.at.Unix()+58,
		r.action, r.flags, family, r.src, r.dst, r.direction, path, slot.Unix(), slot.Format("20060102T1504Z"), cmp.Or(r.repeat, "-"))
}

// decode reads flow log text.
func decode(text string) ([]*flowlog.Batch, error) {
	d, err := flowlog.NewDecoder(strings.NewReader(text), flowlog.Options{})
	if err != nil {
		return nil, err
	}
	var out []*flowlog.Batch
	for {
		b, err := d.Next()
		if err == io.EOF {
			if s := d.Stats(); s.Bad > 0 {
				return nil, s.BadLines[0]
			}
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
}
