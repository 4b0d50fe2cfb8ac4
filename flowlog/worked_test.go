package flowlog_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
)

// More formats, and the beginning that AWS's TCP examples share.
const (
	alphabeticFormat = "account-id action az-id bytes dstaddr dstport end flow-direction instance-id interface-id log-status packets pkt-dst-aws-service pkt-dstaddr pkt-src-aws-service pkt-srcaddr protocol region srcaddr srcport start sublocation-id sublocation-type subnet-id tcp-flags traffic-path type version vpc-id"
	tgwCustomFormat  = "version account-id tgw-id tgw-attachment-id tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id tgw-dst-az-id tgw-pair-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired start end log-status type tcp-flags flow-direction region"
	v5TableFormat    = header + " vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path"
	v8TableFormat    = v5TableFormat + " ecs-cluster-arn ecs-cluster-name ecs-container-instance-arn ecs-container-instance-id ecs-container-id ecs-second-container-id ecs-service-name ecs-task-definition-arn ecs-task-arn ecs-task-id reject-reason"

	tcpPrefix = "3 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-01234567890123456 eni-1235b8ca123456789 123456789010 IPv4 "
)

// worked are the records of AWS's documentation (1 to 31) and records that
// others published (32 to 47). Each stands in a format; what it shows is said
// beside it.
var worked = []struct{ name, format, line string }{
	{"1 SSH accepted", header, accept},
	{"2 RDP rejected", header, reject},
	{"3 no data", header, nodata},
	{"4 skipped", header, "2 123456789010 eni-11111111aaaaaaaaa - - - - - - - 1431280876 1431280934 - SKIPDATA"},
	{"5 ping, in", header, "2 123456789010 eni-1235b8ca123456789 203.0.113.12 172.31.16.139 0 0 1 4 336 1432917027 1432917142 ACCEPT OK"},
	{"6 ping, the reply that the network ACL denied", header, "2 123456789010 eni-1235b8ca123456789 172.31.16.139 203.0.113.12 0 0 1 4 336 1432917094 1432917142 REJECT OK"},
	{"7 IPv6", header, ipv6},
	{"8 client's SYN", tcpFlagsFormat, tcpPrefix + "52.213.180.42 10.0.0.62 43416 5001 52.213.180.42 10.0.0.62 6 568 8 1566848875 1566848933 ACCEPT 2 OK"},
	{"9 server's SYN-ACK", tcpFlagsFormat, tcpPrefix + "10.0.0.62 52.213.180.42 5001 43416 10.0.0.62 52.213.180.42 6 376 7 1566848875 1566848933 ACCEPT 18 OK"},
	{"10 second connection", tcpFlagsFormat, tcpPrefix + "52.213.180.42 10.0.0.62 43418 5001 52.213.180.42 10.0.0.62 6 100701 70 1566848875 1566848933 ACCEPT 2 OK"},
	{"11 its SYN-ACK", tcpFlagsFormat, tcpPrefix + "10.0.0.62 52.213.180.42 5001 43418 10.0.0.62 52.213.180.42 6 632 12 1566848875 1566848933 ACCEPT 18 OK"},
	{"12 server's FIN", tcpFlagsFormat, tcpPrefix + "10.0.0.62 52.213.180.42 5001 43418 10.0.0.62 52.213.180.42 6 63388 1219 1566848933 1566849113 ACCEPT 1 OK"},
	{"13 client's FIN", tcpFlagsFormat, tcpPrefix + "52.213.180.42 10.0.0.62 43418 5001 52.213.180.42 10.0.0.62 6 23294588 15774 1566848933 1566849113 ACCEPT 1 OK"},
	{"14 SYN and FIN in one interval", tcpFlagsFormat, tcpPrefix + "52.213.180.42 10.0.0.62 43638 5001 52.213.180.42 10.0.0.62 6 1260 17 1566933133 1566933193 ACCEPT 3 OK"},
	{"15 two spaces, as AWS's page has them", tcpFlagsFormat, tcpPrefix + "10.0.0.62 52.213.180.42 5001 43638  10.0.0.62 52.213.180.42 6 967 14 1566933133 1566933193 ACCEPT 19 OK"},
	{"16 client to NAT gateway", natFormat, "- eni-1235b8ca123456789 10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5"},
	{"17 NAT gateway to internet", natFormat, "- eni-1235b8ca123456789 10.0.0.220 203.0.113.5 10.0.0.220 203.0.113.5"},
	{"18 reply to NAT gateway", natFormat, "- eni-1235b8ca123456789 203.0.113.5 10.0.0.220 203.0.113.5 10.0.0.220"},
	{"19 reply to client", natFormat, "- eni-1235b8ca123456789 10.0.0.220 10.0.1.5 203.0.113.5 10.0.1.5"},
	{"20 the flow at the instance", natFormat, "i-01234567890123456 eni-1111aaaa2222bbbb3 10.0.1.5 203.0.113.5 10.0.1.5 203.0.113.5"},
	{"21 its reply", natFormat, "i-01234567890123456 eni-1111aaaa2222bbbb3 203.0.113.5 10.0.1.5 203.0.113.5 10.0.1.5"},
	{"22 regional NAT gateway, client's side", regionalNATFormat, "nat-1234567890abcdef - - - 10.0.1.5 203.0.113.5 10.0.1.5 203.0.113.5"},
	{"23 its public address", regionalNATFormat, "nat-1234567890abcdef - - - 107.22.182.139 203.0.113.5 107.22.182.139 203.0.113.5"},
	{"24 reply to its public address", regionalNATFormat, "nat-1234567890abcdef - - - 203.0.113.5 107.22.182.139 203.0.113.5 107.22.182.139"},
	{"25 reply to client", regionalNATFormat, "nat-1234567890abcdef - - - 203.0.113.5 10.0.1.5 203.0.113.5 10.0.1.5"},
	{"26 at the instance", regionalNATFormat, "- i-01234567890123456 eni-1111aaaa2222bbbb3 subnet-aaaaaaaa012345678 10.0.1.5 203.0.113.5 10.0.1.5 203.0.113.5"},
	{"27 behind a transit gateway", tgwENIFormat, "3 eni-33333333333333333 123456789010 vpc-abcdefab012345678 subnet-22222222bbbbbbbbb i-01234567890123456 10.20.33.164 10.40.2.236 39812 80 6 3 IPv4 10.20.33.164 10.40.2.236 ACCEPT OK"},
	{"28 its reply", tgwENIFormat, "3 eni-33333333333333333 123456789010 vpc-abcdefab012345678 subnet-22222222bbbbbbbbb i-01234567890123456 10.40.2.236 10.20.33.164 80 39812 6 19 IPv4 10.40.2.236 10.20.33.164 ACCEPT OK"},
	{"29 at the transit gateway's ENI", tgwENIFormat, "3 eni-11111111111111111 123456789010 vpc-abcdefab012345678 subnet-11111111aaaaaaaaa - 10.40.1.175 10.40.2.236 39812 80 6 3 IPv4 10.20.33.164 10.40.2.236 ACCEPT OK"},
	{"30 reply at its other ENI", tgwENIFormat, "3 eni-22222222222222222 123456789010 vpc-abcdefab012345678 subnet-22222222bbbbbbbbb - 10.40.2.236 10.40.2.31 80 39812 6 19 IPv4 10.40.2.236 10.20.33.164 ACCEPT OK"},
	{"31a reply of S3", v5Format, "5 52.95.128.179 10.0.0.71 80 34210 6 1616729292 1616729349 IPv4 14 15044 123456789012 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-0c50d5961bcb2d47b eni-1235b8ca123456789 ap-southeast-2 apse2-az3 - - ACCEPT 19 52.95.128.179 10.0.0.71 S3 - - ingress OK"},
	{"31b request through an internet gateway", v5Format, "5 10.0.0.71 52.95.128.179 34210 80 6 1616729292 1616729349 IPv4 7 471 123456789012 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-0c50d5961bcb2d47b eni-1235b8ca123456789 ap-southeast-2 apse2-az3 - - ACCEPT 3 10.0.0.71 52.95.128.179 - S3 8 egress OK"},
	{"32 of a file in which all end at once", header, "2 064076352821 eni-06e7f195abcbdfe3b 170.31.82.104 34.235.78.61 61110 443 6 174 142286 1654892433 1654892493 ACCEPT OK"},
	{"33a DNS answer", header, "2 064076352821 eni-06e7f195abcbdfe3b 8.8.8.8 170.31.82.104 53 57699 17 1 78 1654892434 1654892493 ACCEPT OK"},
	{"33b DNS question", header, "2 064076352821 eni-06e7f195abcbdfe3b 170.31.82.104 8.8.8.8 57699 53 17 1 62 1654892435 1654892493 ACCEPT OK"},
	{"34 scanner", header, "2 424805057484 eni-0f06a40fc9be596f6 195.14.170.50 10.0.0.96 53996 20248 6 1 40 1599665374 1599665428 REJECT OK"},
	{"35 295 seconds", header, "2 424805057484 eni-0f06a40fc9be596f6 212.83.179.156 10.0.0.96 123 123 17 2 152 1599665193 1599665488 ACCEPT OK"},
	{"36 short ENI id", header, "2 672740005165 eni-ba88b581 159.89.148.43 10.0.0.53 35789 8545 6 1 40 1533851315 1533851375 REJECT OK"},
	{"37 start is end", v5TableFormat, "5 1234567890 eni-1235b8ca123456789 5.6.7.8 1.2.3.4 50188 4433 6 1 44 1739865042 1739865042 ACCEPT OK vpc-1 subnet-1 - 2 IPv4 5.6.7.8 1.2.3.4 eu-west-1 euw1-az2 - - - - ingress -"},
	{"38 UDP has flags 0", v5TableFormat, "5 424805057484 eni-1235b8ca123456789 52.95.128.179 10.0.0.71 46945 53 17 1 73 1658131186 1658131216 ACCEPT OK vpc-abcdefab012345678 subnet-aaaaaaaa012345678 - 0 IPv4 52.95.128.179 10.0.0.71 eu-west-1 euw1-az3 - - - - egress 8"},
	{"40 29 seconds", header, "2 391389995465 eni-0939c7c9e1255db73 10.236.54.140 10.236.57.28 31547 27068 6 2 112 1571081770 1571081799 ACCEPT OK"},
	{"41a alphabetic order, in", alphabeticFormat, "999999999999 ACCEPT use2-az2 4895 192.0.2.156 50318 1614866511 ingress i-00123456789abcdef eni-00123456789abcdef OK 15 - 192.0.2.156 S3 198.51.100.6 6 us-east-2 198.51.100.7 443 1614866493 - - subnet-0123456789abcdef 19 - IPv4 5 vpc-04456ab739938ee3f"},
	{"41b alphabetic order, out through a gateway endpoint", alphabeticFormat, "999999999999 ACCEPT use2-az2 3015 198.51.100.6 443 1614866511 egress i-00123456789abcdef eni-00123456789abcdef OK 16 S3 198.51.100.7 - 192.0.2.156 6 us-east-2 192.0.2.156 50318 1614866493 - - subnet-0123456789abcdef 7 7 IPv4 5 vpc-04456ab739938ee3f"},
	{"42 transit gateway, custom", tgwCustomFormat, "6 123456789012 tgw-0abc12345def67890 tgw-attach-0abc12345def67890 vpc-0abc12345def67890 vpc-0def12345abc67890 subnet-0abc12345def67890 subnet-0def12345abc67890 eni-0abc12345def67890 eni-0def12345abc67890 use1-az1 use1-az2 tgw-attach-0def12345abc67890 10.0.0.1 10.0.1.1 12345 443 6 10 1000 1 2 3 4 1700000000 1700000060 OK IPv4 2 ingress us-east-1"},
	{"45 as CloudWatch Logs' parseVPC takes it", header, "2 123456789010 eni-abc123de 192.0.2.0 192.0.2.24 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK"},
	{"46 version 8, refused by Block Public Access, without bytes", v8TableFormat, "8 123456789010 eni-1235b8ca123456789 203.0.113.12 10.0.0.71 40000 22 6 1 - 1739865042 1739865102 REJECT OK vpc-1 subnet-1 - 2 IPv4 203.0.113.12 10.0.0.71 eu-west-1 euw1-az2 - - - - ingress - - - - - - - - - - - BPA"},
	{"47 ECS", header + " ecs-cluster-arn ecs-cluster-name ecs-task-arn ecs-task-id", "7 123456789010 eni-1235b8ca123456789 10.0.0.1 10.0.0.2 40000 80 6 1 40 1739865042 1739865102 ACCEPT OK arn:aws:ecs:us-east-1:000000000000:cluster/c c arn:aws:ecs:us-east-1:000000000000:task/c/0123456789abcdef 0123456789abcdef"},
}

// TestWorkedExamples reads each record under its header, and without one under
// its LogFormat: every value must be where the format says, and the record
// written anew must be the line.
func TestWorkedExamples(t *testing.T) {
	for _, w := range worked {
		t.Run(w.name, func(t *testing.T) {
			format := mustFormat(t, w.format)
			want := map[string]string{}
			for i, v := range strings.Fields(w.line) {
				if v != "-" {
					want[format.Names()[i]] = v
				}
			}
			for how, in := range map[string]struct {
				data string
				opts flowlog.Options
			}{
				"header":     {w.format + "\n" + w.line + "\n", flowlog.Options{}},
				"LogFormat":  {w.line, flowlog.Options{Format: &format}},
				"CloudWatch": {`{"logEvents":[{"timestamp":1,"message":"` + w.line + `"}]}`, flowlog.Options{Format: &format}},
			} {
				batches, stats, err := decode(t, []byte(in.data), in.opts)
				if err != nil || stats.Bad > 0 || stats.Records != 1 {
					t.Fatalf("%s: %d records, bad %v, error %v", how, stats.Records, stats.BadLines, err)
				}
				r := batches[0].At(0)
				if diff := cmp.Diff(want, record(r)); diff != "" {
					t.Errorf("%s: record (-want +got):\n%s", how, diff)
				}
				again := string(flowlog.AppendText(nil, r, format))
				if line := strings.Join(strings.Fields(w.line), " "); again != line {
					t.Errorf("%s: written anew:\n%s\nwant:\n%s", how, again, line)
				}
			}
		})
	}
}

// TestWorkedParquetRow reads example 39, a row as AWS's Parquet gives it to a
// reader of nullable columns.
func TestWorkedParquetRow(t *testing.T) {
	type row struct {
		Version     *int32  `parquet:"version,optional"`
		AccountID   *string `parquet:"account_id,optional"`
		SrcAddr     *string `parquet:"srcaddr,optional"`
		SrcPort     *int32  `parquet:"srcport,optional"`
		Packets     *int64  `parquet:"packets,optional"`
		Start       *int64  `parquet:"start,optional"`
		InstanceID  *string `parquet:"instance_id,optional"`
		TCPFlags    *int32  `parquet:"tcp_flags,optional"`
		Service     *string `parquet:"pkt_src_aws_service,optional"`
		TrafficPath *int32  `parquet:"traffic_path,optional"`
	}
	batches, _, err := decode(t, writeParquet(t, []row{{
		new(int32(5)), new("012345678901"), new("1.2.3.4"), new(int32(25238)), new(int64(5)), new(int64(1726491185)), new("-"), new(int32(3)), new("-"), nil,
	}}), flowlog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"version": "5", "account-id": "012345678901", "srcaddr": "1.2.3.4", "srcport": "25238",
		"packets": "5", "start": "1726491185", "tcp-flags": "3",
	}
	if diff := cmp.Diff(want, record(batches[0].At(0))); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
}

// TestWorkedEnvelopes reads examples 43 and 44, records in the envelopes of
// Firehose and of a CloudWatch Logs subscription.
func TestWorkedEnvelopes(t *testing.T) {
	for name, tc := range map[string]struct{ data, want string }{
		"43 Firehose": {
			`{"message":"2 428961148399 eni-0e0bf7be352692297 - - - - - - - 1671029698 1671029728 - NODATA"}` + "\n",
			"2 428961148399 eni-0e0bf7be352692297 - - - - - - - 1671029698 1671029728 - NODATA",
		},
		"44 subscription": {
			`{"messageType":"DATA_MESSAGE","owner":"123456789012","logGroup":"/aws/vpc/flowlogs","logStream":"eni-12345678-all","subscriptionFilters":["f"],` +
				`"logEvents":[{"id":"32659498331203113470","timestamp":1466176699000,"message":"2 217746932756 eni-12345678 10.100.1.2 10.100.2.3 80 25901 6 2 112 1466176699 1466176812 ACCEPT OK"}]}`,
			"2 217746932756 eni-12345678 10.100.1.2 10.100.2.3 80 25901 6 2 112 1466176699 1466176812 ACCEPT OK",
		},
	} {
		t.Run(name, func(t *testing.T) {
			batches, stats, err := decode(t, gz(t, tc.data), flowlog.Options{})
			if err != nil || stats.Bad > 0 {
				t.Fatalf("bad %v, error %v", stats.BadLines, err)
			}
			if diff := cmp.Diff([]string{tc.want}, texts(batches, flowlog.DefaultFormat(flowlog.KindVPC))); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
		})
	}
}

// TestWorkedRefusals takes example 48, records that are none: each is refused
// between the good ones of example 41, with a line that other readers trip over.
func TestWorkedRefusals(t *testing.T) {
	bad := map[string]string{
		"one token more":            accept + " extra",
		"too few":                   strings.TrimSuffix(accept, " ACCEPT OK"),
		"no port":                   strings.Replace(accept, "20641", "BADPORT", 1),
		"address absent, ports not": strings.Replace(accept, "172.31.16.139", "-", 1),
		"protocol":                  strings.Replace(accept, " 6 ", " 500 ", 1),
		"action":                    strings.Replace(accept, "ACCEPT", "SUCCESS", 1),
		"words":                     "bogus line",
	}
	for name, line := range bad {
		t.Run(name, func(t *testing.T) {
			data := fmt.Sprintf("%s\n%s\n%s\n%s\n", header, accept, line, reject)
			batches, stats, err := decode(t, []byte(data), flowlog.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{accept, reject}, texts(batches, flowlog.DefaultFormat(flowlog.KindVPC))); diff != "" {
				t.Errorf("good records (-want +got):\n%s", diff)
			}
			if stats.Bad != 1 || stats.BadLines[0].Line != 3 || stats.BadLines[0].Text != line {
				t.Errorf("bad: %v", stats.BadLines)
			}
		})
	}
}

// TestWorkedTogether reads all examples as one object in which each format's
// header stands before its records, as an object that was put together of
// several would have them.
func TestWorkedTogether(t *testing.T) {
	var data strings.Builder
	var want []map[string]string
	for _, w := range worked {
		names := strings.Fields(w.format)
		fmt.Fprintf(&data, "%s\n%s\n", w.format, w.line)
		m := map[string]string{}
		for i, v := range strings.Fields(w.line) {
			m[names[i]] = v
		}
		maps.DeleteFunc(m, func(_, v string) bool { return v == "-" })
		want = append(want, m)
	}
	batches, stats, err := decode(t, gz(t, data.String()), flowlog.Options{})
	if err != nil || stats.Bad > 0 {
		t.Fatalf("bad %v, error %v", stats.BadLines, err)
	}
	var got []map[string]string
	for _, b := range batches {
		for r := range b.Records() {
			got = append(got, record(r))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}
