package flowlog_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"weir/flowlog"
	"weir/internal/sharedtest"
)

// decode reads a whole object.
func decode(t testing.TB, data []byte, o flowlog.Options) ([]*flowlog.Batch, flowlog.Stats, error) {
	t.Helper()
	return decodeFrom(t, bytes.NewReader(data), o)
}

// decodeFrom returns the batches of a reader's object.
func decodeFrom(t testing.TB, r io.Reader, o flowlog.Options) ([]*flowlog.Batch, flowlog.Stats, error) {
	t.Helper()
	d, err := flowlog.NewDecoder(r, o)
	if err != nil {
		return nil, flowlog.Stats{}, err
	}
	var out []*flowlog.Batch
	for {
		b, err := d.Next()
		if err == io.EOF {
			return out, d.Stats(), nil
		}
		if err != nil {
			return out, d.Stats(), err
		}
		out = append(out, b)
	}
}

// texts returns the records as text in the default format or another.
func texts(batches []*flowlog.Batch, f flowlog.Format) []string {
	var out []string
	for _, b := range batches {
		for r := range b.Records() {
			out = append(out, string(flowlog.AppendText(nil, r, f)))
		}
	}
	return out
}

func gz(t testing.TB, parts ...string) []byte {
	t.Helper()
	var buf bytes.Buffer
	for _, p := range parts {
		w := gzip.NewWriter(&buf)
		if _, err := io.WriteString(w, p); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return buf.Bytes()
}

const (
	header  = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
	accept  = "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK"
	reject  = "2 123456789010 eni-1235b8ca123456789 172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1418530010 1418530070 REJECT OK"
	nodata  = "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA"
	skip    = "2 unknown eni-11111111aaaaaaaaa - - - - - - - 1431280876 1431280934 - SKIPDATA"
	ipv6    = "2 123456789010 eni-1235b8ca123456789 2001:db8:1234:a100:8d6e:3477:df66:f105 2001:db8:1234:a102:3304:8879:34cf:4071 34892 22 6 54 8855 1477913708 1477913820 ACCEPT OK"
	tgwLine = "6 TransitGateway 123456789012 tgw-0abc tgw-attach-0abc 111 222 vpc-a vpc-b subnet-a subnet-b eni-a eni-b use1-az1 use1-az2 tgw-attach-0def 10.0.0.1 10.0.1.1 12345 443 6 10 1000 1700000000 1700000060 OK IPv4 1 2 3 4 2 us-east-1 ingress - -"
)

// TestForms reads the same records in every form in which they are delivered.
func TestForms(t *testing.T) {
	all := []string{accept, reject, nodata, skip, ipv6}
	lines := strings.Join(all, "\n") + "\n"
	event := func(s string) string { return fmt.Sprintf(`{"id":"1","timestamp":1418530010123,"message":%q}`, s) }
	var events []string
	for _, l := range all {
		events = append(events, event(l))
	}
	doc := `{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","subscriptionFilters":["f"],"logEvents":[` +
		strings.Join(events, ",") + `]}`
	var export strings.Builder
	var firehose strings.Builder
	for _, l := range all {
		export.WriteString("2025-02-25T12:25:04.000Z " + l + "\n")
		b, err := json.Marshal(map[string]string{"message": l})
		if err != nil {
			t.Fatal(err)
		}
		firehose.WriteString(string(b) + "\n")
	}
	var zs bytes.Buffer
	zw, err := zstd.NewWriter(&zs)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(zw, header+"\n"+lines); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		data []byte
		opts flowlog.Options
	}{
		"header":              {data: []byte(header + "\n" + lines)},
		"no header":           {data: []byte(lines)},
		"underscores, upper":  {data: []byte(strings.ToUpper(strings.ReplaceAll(header, "-", "_")) + "\n" + lines)},
		"CRLF":                {data: []byte(strings.ReplaceAll(header+"\n"+lines, "\n", "\r\n"))},
		"extra spaces":        {data: []byte("  " + strings.ReplaceAll(header, " ", "   ") + " \n" + strings.ReplaceAll(lines, " ", " \t "))},
		"byte order mark":     {data: []byte("\xef\xbb\xbf" + header + "\n" + lines)},
		"no last line end":    {data: []byte(header + "\n" + strings.TrimSuffix(lines, "\n"))},
		"blank lines":         {data: []byte("\n" + header + "\n\n" + strings.ReplaceAll(lines, "\n", "\n\n"))},
		"gzip":                {data: gz(t, header+"\n"+lines)},
		"gzip, members":       {data: gz(t, header+"\n"+accept+"\n"+reject+"\n", header+"\n"+strings.Join(all[2:], "\n"))},
		"gzip in gzip":        {data: gz(t, string(gz(t, lines)))},
		"zstd":                {data: zs.Bytes()},
		"CloudWatch export":   {data: gz(t, export.String())},
		"subscription":        {data: gz(t, doc)},
		"subscriptions glued": {data: gz(t, doc[:0]+strings.Replace(doc, strings.Join(events, ","), strings.Join(events[:2], ","), 1)+strings.Replace(doc, strings.Join(events, ","), strings.Join(events[2:], ","), 1))},
		"control message":     {data: []byte(`{"messageType":"CONTROL_MESSAGE","logEvents":[{"id":"","timestamp":1,"message":"CWL CONTROL MESSAGE: Checking health of destination Firehose."}]}` + doc)},
		"FilterLogEvents":     {data: []byte("{\n \"events\": [\n" + strings.Join(events, ",\n") + "\n],\n \"searchedLogStreams\": []\n}\n")},
		"array of events":     {data: []byte("[" + strings.Join(events, ",") + "]")},
		"Firehose":            {data: []byte(firehose.String())},
		"given format": {
			data: []byte(lines),
			opts: flowlog.Options{Format: new(flowlog.DefaultFormat(flowlog.KindVPC))},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			batches, stats, err := decode(t, tc.data, tc.opts)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := texts(batches, flowlog.DefaultFormat(flowlog.KindVPC)), all; strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if stats.Bad != 0 || stats.Records != int64(len(all)) {
				t.Errorf("%d records, %d bad: %v", stats.Records, stats.Bad, stats.BadLines)
			}
		})
	}
}

// TestEventTime checks that the time of a log event stays with its record.
//
//go:fix inline
func TestEventTime(t *testing.T) {
	for name, data := range map[string]string{
		"JSON":   `{"message":"- eni-1 10.0.1.5 10.0.0.220","timestamp":1418530010123}`,
		"export": "2014-12-14T04:06:50.123Z - eni-1 10.0.1.5 10.0.0.220",
	} {
		t.Run(name, func(t *testing.T) {
			f, err := flowlog.ParseLogFormat("${instance-id} ${interface-id} ${srcaddr} ${dstaddr}")
			if err != nil {
				t.Fatal(err)
			}
			batches, _, err := decode(t, []byte(data), flowlog.Options{Format: &f})
			if err != nil {
				t.Fatal(err)
			}
			if got := batches[0].At(0).EventTime(); got != 1418530010 {
				t.Errorf("event time %d", got)
			}
		})
	}
}

// TestBadLines checks that a bad line costs nothing but itself, and is reported
// with its place.
func TestBadLines(t *testing.T) {
	line := func(replace ...string) string { return strings.NewReplacer(replace...).Replace(accept) }
	tests := []struct{ name, line, want string }{
		{"half a line", accept[:60], "line 3: 5 fields where the format has 14"},
		{"one field more", accept + " extra", "line 3, column 116: 15 fields where the format has 14"},
		{"port no number", line("20641", "BADPORT"), `line 3, column 65: srcport: "BADPORT" is not a number`},
		{"port out of range", line("20641", "65543"), "line 3, column 65: srcport: 65543 is out of range (0 to 65535)"},
		{"protocol out of range", line(" 6 ", " 500 "), "line 3, column 74: protocol: 500 is out of range (0 to 255)"},
		{"bytes overflow", line("4249", "99999999999999999999"), "line 3, column 79: bytes: 99999999999999999999 is out of range"},
		{"negative", line("4249", "-4249"), `line 3, column 79: bytes: "-4249" is not a number`},
		{"bad address", line("172.31.16.21 ", "172.31.16.521 "), `line 3, column 52: dstaddr: "172.31.16.521" is not an IP address`},
		{"zone", line("172.31.16.21 ", "fe80::1%eth0 "), `line 3, column 52: dstaddr: "fe80::1%eth0" is not an IP address`},
		{"bad action", line("ACCEPT", "SUCCESS"), `line 3, column 106: action: "SUCCESS" is none of ACCEPT, REJECT`},
		{"bad status", line("OK", "FINE"), `line 3, column 113: log-status: "FINE" is none of OK, NODATA, SKIPDATA`},
		{"no start", line("1418530010", "-"), "line 3, column 84: start: absent, but every record has it"},
		{"port without address", line("172.31.16.21 ", "- "), "line 3: dstaddr: absent, but dstport is there"},
		{"words", "bogus line", "line 3: 2 fields where the format has 14"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			data := header + "\n" + reject + "\n" + tc.line + "\n" + nodata + "\n"
			batches, stats, err := decode(t, []byte(data), flowlog.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := texts(batches, flowlog.DefaultFormat(flowlog.KindVPC)); len(got) != 2 || got[0] != reject || got[1] != nodata {
				t.Errorf("good records: %q", got)
			}
			if stats.Bad != 1 || len(stats.BadLines) != 1 || stats.BadLines[0].Error() != tc.want {
				t.Errorf("bad: %d %v, want %s", stats.Bad, stats.BadLines, tc.want)
			}
			if len(stats.BadLines) == 1 && stats.BadLines[0].Text != tc.line {
				t.Errorf("text of the bad line: %q", stats.BadLines[0].Text)
			}
		})
	}
}

// TestDamagedObjects checks what is kept of an object that breaks off, and how
// it is named.
func TestDamagedObjects(t *testing.T) {
	var many strings.Builder
	many.WriteString(header + "\n")
	for i := range 5000 {
		fmt.Fprintf(&many, "2 123456789010 eni-1235b8ca123456789 172.31.%d.%d 172.31.16.21 %d 22 6 20 4249 1418530010 1418530070 ACCEPT OK\n", i%200, i%251, i)
	}
	whole := gz(t, many.String())
	flipped := bytes.Clone(whole)
	flipped[len(flipped)-6] ^= 0x55 // in the checksum
	tests := []struct {
		name string
		data []byte
		want error
		min  int64
	}{
		{"cut off in the header", whole[:5], flowlog.ErrTruncated, 0},
		{"cut off in the header's name", []byte("\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\xffname"), flowlog.ErrTruncated, 0},
		{"cut off", whole[:len(whole)/2], flowlog.ErrTruncated, 1000},
		{"checksum", flipped, flowlog.ErrCorrupt, 5000},
		{"noise after gzip", append(bytes.Clone(whole), "noise and more of it"...), flowlog.ErrCorrupt, 5000},
		{"binary noise", []byte("\x00\x01\x02\xff\xfe binary"), flowlog.ErrNotFlowLog, 0},
		{"prose", []byte("The type of action depends on the version.\nMore of it.\n"), flowlog.ErrNotFlowLog, 0},
		{"other JSON", []byte(`{"Records":[{"eventVersion":"1.08"}]}`), flowlog.ErrNotFlowLog, 0},
		{"no header, other format", []byte("- eni-1235b8ca123456789 10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5\n"), flowlog.ErrNoFormat, 0},
		{"fourteen other fields", []byte("10.0.0.1 10.0.0.2 2 1 2 3 4 5 6 7 8 9 ACCEPT OK\n"), flowlog.ErrNoFormat, 0},
		{"Parquet, cut off", []byte("PAR1 not really"), flowlog.ErrCorrupt, 0},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			batches, stats, err := decode(t, tc.data, flowlog.Options{})
			if !errors.Is(err, tc.want) {
				t.Errorf("error %v, want %v", err, tc.want)
			}
			n := int64(0)
			for _, b := range batches {
				n += int64(b.Len())
			}
			if n < tc.min || n != stats.Records {
				t.Errorf("%d records kept (stats: %d), want at least %d", n, stats.Records, tc.min)
			}
		})
	}
	for name, data := range map[string][]byte{"empty": {}, "header only": []byte(header + "\n"), "empty gzip": gz(t, "")} {
		t.Run(name, func(t *testing.T) {
			batches, stats, err := decode(t, data, flowlog.Options{})
			if err != nil || len(batches) > 0 || stats.Bad > 0 {
				t.Errorf("%d batches, %d bad, error %v", len(batches), stats.Bad, err)
			}
		})
	}
}

// TestReaderErrors checks that an error of the reader underneath comes back as it
// is, behind what was read before, and is not taken for damage of the object.
func TestReaderErrors(t *testing.T) {
	lost := errors.New("connection lost")
	plain := header + "\n" + strings.Repeat(accept+"\n", 5000)
	parts := map[string][]byte{
		"text":              []byte(plain)[:10_000],
		"gzip":              gz(t, plain, plain)[:len(gz(t, plain))+20],
		"first byte":        nil,
		"header of gzip":    gz(t, plain)[:5],
		"Parquet, streamed": []byte("PAR1 and more"),
	}
	for name, data := range parts {
		t.Run(name, func(t *testing.T) {
			for _, want := range []error{lost, io.ErrUnexpectedEOF} { // the latter as net/http gives it
				d, err := flowlog.NewDecoder(io.MultiReader(bytes.NewReader(data), iotest.ErrReader(want)), flowlog.Options{})
				for err == nil {
					_, err = d.Next()
				}
				if !errors.Is(err, want) || errors.Is(err, flowlog.ErrTruncated) || errors.Is(err, flowlog.ErrCorrupt) {
					t.Errorf("error %v, want %v", err, want)
				}
			}
		})
	}
}

// TestMixedFormats reads an object in which headers follow one another, VPC and
// transit gateway records among each other, and an unknown field.
func TestMixedFormats(t *testing.T) {
	data := strings.Join([]string{
		header, accept,
		"action srcaddr dstaddr start end new-field", "REJECT 10.0.0.1 10.0.0.2 1700000000 1700000060 blue",
		flowlog.DefaultFormat(flowlog.KindTGW).Header(), tgwLine,
		"version srcaddr dstaddr bytes", "6 10.0.0.7 10.0.0.8 99", // only transit gateways have version 6
		header, nodata,
	}, "\n")
	batches, stats, err := decode(t, []byte(data), flowlog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, b := range batches {
		for r := range b.Records() {
			got = append(got, b.Kind().String()+" "+string(flowlog.AppendJSON(nil, r)))
		}
	}
	want := []string{
		`vpc {"version":2,"account_id":"123456789010","interface_id":"eni-1235b8ca123456789","srcaddr":"172.31.16.139","dstaddr":"172.31.16.21","srcport":20641,"dstport":22,"protocol":6,"packets":20,"bytes":4249,"start":1418530010,"end":1418530070,"action":"ACCEPT","log_status":"OK"}`,
		`vpc {"srcaddr":"10.0.0.1","dstaddr":"10.0.0.2","start":1700000000,"end":1700000060,"action":"REJECT","new_field":"blue"}`,
		`tgw {"version":6,"resource_type":"TransitGateway","account_id":"123456789012","tgw_id":"tgw-0abc","tgw_attachment_id":"tgw-attach-0abc","tgw_src_vpc_account_id":"111","tgw_dst_vpc_account_id":"222","tgw_src_vpc_id":"vpc-a","tgw_dst_vpc_id":"vpc-b","tgw_src_subnet_id":"subnet-a","tgw_dst_subnet_id":"subnet-b","tgw_src_eni":"eni-a","tgw_dst_eni":"eni-b","tgw_src_az_id":"use1-az1","tgw_dst_az_id":"use1-az2","tgw_pair_attachment_id":"tgw-attach-0def","srcaddr":"10.0.0.1","dstaddr":"10.0.1.1","srcport":12345,"dstport":443,"protocol":6,"packets":10,"bytes":1000,"start":1700000000,"end":1700000060,"log_status":"OK","type":"IPv4","packets_lost_no_route":1,"packets_lost_blackhole":2,"packets_lost_mtu_exceeded":3,"packets_lost_ttl_expired":4,"tcp_flags":2,"region":"us-east-1","flow_direction":"ingress"}`,
		`tgw {"version":6,"srcaddr":"10.0.0.7","dstaddr":"10.0.0.8","bytes":99}`,
		`vpc {"version":2,"account_id":"123456789010","interface_id":"eni-1235b8ca123456789","start":1431280876,"end":1431280934,"log_status":"NODATA"}`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if fmt.Sprint(stats.UnknownFields) != "[new-field]" || stats.Bad != 0 {
		t.Errorf("unknown %v, bad %v", stats.UnknownFields, stats.BadLines)
	}
}

// TestMilliseconds checks that times in milliseconds are told from seconds.
func TestMilliseconds(t *testing.T) {
	data := header + "\n" + strings.NewReplacer("1418530010", "1418530010999", "1418530070", "1418530070000").Replace(accept)
	batches, _, err := decode(t, []byte(data), flowlog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := texts(batches, flowlog.DefaultFormat(flowlog.KindVPC)); got[0] != accept {
		t.Errorf("got %q", got[0])
	}
}

// TestVectors runs the lines that peers test their parsers with.
func TestVectors(t *testing.T) {
	for _, v := range sharedtest.ParseVectors(t) {
		t.Run(v.ID, func(t *testing.T) {
			batches, stats, err := decode(t, []byte(v.Format+"\n"+v.Line+"\n"), flowlog.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if v.Outcome != "ok" {
				if stats.Bad != 1 || stats.Records != 0 {
					t.Fatalf("want %s; %d records, %d bad", v.Outcome, stats.Records, stats.Bad)
				}
				return
			}
			if stats.Records != 1 {
				t.Fatalf("%d records, bad: %v", stats.Records, stats.BadLines)
			}
			r := batches[0].At(0)
			for name, want := range v.Expect {
				f, ok := flowlog.Lookup(name)
				if !ok {
					t.Fatalf("the vector expects %s, which the table does not know", name)
				}
				if got, _ := r.Text(f.ID); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
			// What the vector does not expect, but the line holds, is kept too.
			for i, tok := range strings.Fields(v.Line) {
				if i >= len(strings.Fields(v.Format)) {
					break
				}
				name := strings.Fields(v.Format)[i]
				got := "-"
				if f, ok := flowlog.Lookup(name); ok {
					if s, ok := r.Text(f.ID); ok {
						got = s
					}
				} else {
					for n, s := range r.Unknown() {
						if n == name {
							got = s
						}
					}
				}
				if got != tok {
					t.Errorf("%s is %q, the line has %q", name, got, tok)
				}
			}
		})
	}
}

// TestSubscriptionVectors reads documents of CloudWatch Logs that others keep.
func TestSubscriptionVectors(t *testing.T) {
	raw, err := os.ReadFile(sharedtest.Path(t, "data", "vectors", "cwl_subscription.json"))
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		ID, Format string
		Document   json.RawMessage
		Records    int
	}
	if err := json.Unmarshal(raw, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		t.Run(v.ID, func(t *testing.T) {
			f, err := flowlog.ParseLogFormat(v.Format)
			if err != nil {
				t.Fatal(err)
			}
			batches, stats, err := decode(t, gz(t, string(v.Document)), flowlog.Options{Format: &f})
			if err != nil || stats.Bad > 0 || int(stats.Records) != v.Records {
				t.Fatalf("%d records, bad %v, error %v", stats.Records, stats.BadLines, err)
			}
			r := batches[0].At(0)
			if start, ok := r.Int(flowlog.Start); !ok || start != r.EventTime() {
				t.Errorf("start %d, event time %d: CloudWatch Logs events carry the start", start, r.EventTime())
			}
		})
	}
}

// TestSharedLogGroup reads records of two formats without headers among each
// other, as a log group that two flow logs share gives them.
func TestSharedLogGroup(t *testing.T) {
	f, err := flowlog.ParseLogFormat("${version} ${vpc-id} ${srcaddr} ${bytes}")
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{"3 vpc-1 10.0.0.1 7", accept, "3 vpc-1 10.0.0.2 8", "neither of them", nodata}
	batches, stats, err := decode(t, []byte(strings.Join(lines, "\n")), flowlog.Options{Format: &f})
	if err != nil {
		t.Fatal(err)
	}
	if stats.Records != 4 || stats.Bad != 1 || stats.BadLines[0].Line != 4 || len(stats.Formats) != 2 {
		t.Errorf("%d records, bad %v, formats %v", stats.Records, stats.BadLines, stats.Formats)
	}
	if got := texts(batches[1:2], flowlog.DefaultFormat(flowlog.KindVPC)); got[0] != accept {
		t.Errorf("got %q", got)
	}
}
