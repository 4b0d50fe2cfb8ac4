package flowlog

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestWords compares what looks at 8 bytes at a time with loops over bytes, on
// words of all lengths at all places before the end of the line and of the array.
func TestWords(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	const chars = "0123456789 \t\r\n\x00\x1f!-:.azAZ\x7f\x80\xb0\xff/0123456789"
	for range 300_000 {
		array := make([]byte, rng.IntN(48))
		for i := range array {
			if array[i] = chars[rng.IntN(len(chars))]; rng.IntN(4) > 0 {
				array[i] = '0' + byte(rng.IntN(10))
			}
		}
		line := array[:rng.IntN(len(array)+1)]
		pos := rng.IntN(len(line) + 1)
		end := pos
		for end < len(line) && line[end] >= '0' && line[end] <= '9' {
			end++
		}
		wide := pos+wideLoad <= len(array)
		v, at := leadingNumber(line, pos)
		// Digits behind the line may make it too long to say.
		sure := wide && end < len(line) && end-pos < 16
		if at != pos || sure && end > pos {
			want, err := strconv.ParseInt(string(line[pos:end]), 10, 64)
			if err != nil || v != want || at != end {
				t.Fatalf("%q of %q at %d: %d to %d, want %d to %d, %v", line, array, pos, v, at, want, end, err)
			}
		}
		end = pos
		for end < len(line) && line[end] > ' ' {
			end++
		}
		at = wordEnd(line, pos)
		if at > end || at < end && (at+8 <= len(array) && end-at >= 8) {
			t.Fatalf("%q of %q: the word at %d ends at %d, want %d", line, array, pos, at, end)
		}
	}
}

// TestUsual reads lines with and without what lets them be read as usual ones: room
// behind them. All must come out the same, and bad ones with the same words.
func TestUsual(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	words := []string{
		"2", "3", "-", "123456789010", "eni-0123456789abcdef0", "eni-1", "10.0.0.1", "10.0.0.01", "256.1.1.1", "1.2.3", "2001:db8::1", "2001:DB8:0::1",
		"443", "65535", "65536", "6", "0", "1700000000", "1700000000123", "99999999999999999999", "ACCEPT", "REJECT", "accept", "OK", "NODATA", "", "a\x01b", "\xff", "é",
		"2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff", strings.Repeat("x", 45),
		"22", "1234567890101", "ACCEPTED", "OKAY", "SKIPDATA", // one begins with another
	}
	usual := []string{"2", "123456789010", "eni-%d", "10.0.0.%d", "10.1.0.%d", "%d", "443", "6", "%d", "%d", "1700000000", "1700000060", "ACCEPT", "OK"}
	spaces := []string{" ", " ", " ", " ", " ", " ", "  ", "\t", " \r"}
	fast, slow := newLineParser(DefaultFormat(KindVPC)), newLineParser(DefaultFormat(KindVPC))
	fast.expect = 2 * laterRoom
	good := 0
	for range 100_000 {
		var b strings.Builder
		odd := rng.IntN(3) * rng.IntN(3)
		for i, word := range usual {
			if strings.Contains(word, "%d") {
				word = fmt.Sprintf(word, rng.IntN(300))
			}
			space := " "
			if odd > 0 && rng.IntN(6) == 0 {
				word = words[rng.IntN(len(words))]
			}
			if odd > 1 && rng.IntN(6) == 0 {
				space = spaces[rng.IntN(len(spaces))]
			}
			b.WriteString(word)
			if i < len(usual)-1 || odd > 1 && rng.IntN(4) == 0 {
				b.WriteString(space)
			}
		}
		line := b.String()
		if odd > 0 && rng.IntN(4) == 0 {
			line = line[:rng.IntN(len(line))]
		}
		behind := []string{"\n2 123456789010 eni-1", "0123456789012345678", " 17 18 19 20 21 22", "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"}[rng.IntN(4)]
		got := fast.parse([]byte(line + behind)[:len(line)])
		want := slow.parse(slices.Clip([]byte(line)))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%q: %s", line, diff)
		}
		if want == nil {
			good++
		}
	}
	a, b := fast.take(), slow.take()
	if a.n != good || b.n != good || good < 10_000 {
		t.Fatalf("%d and %d records, want %d", a.n, b.n, good)
	}
	for i := range good {
		for _, id := range order[KindVPC] {
			got, _ := a.At(i).Text(id)
			want, _ := b.At(i).Text(id)
			if got != want {
				t.Fatalf("record %d: %s is %q, want %q", i, fields[id].Name, got, want)
			}
		}
	}
}

// TestParseAddr compares with netip.
func TestParseAddr(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	for _, s := range []string{"", ".", "1", "1.2.3", "1.2.3.", ".1.2.3", "1.2.3.4", "0.0.0.0", "01.2.3.4", "00.0.0.0", "255.255.255.255", "256.1.1.1", "1.2.3.4.5", "1..2.3", "1.2.3.4 ", "::1", "1.2.3.a", "2001:DB8::7", "::ffff:10.0.0.1", "fe80::1%eth0", "-", "٣.1.1.1", "1000.1.1.1"} {
		checkAddr(t, s)
	}
	for range 200_000 {
		b := make([]byte, rng.IntN(16))
		for i := range b {
			b[i] = "0123456789..12:a"[rng.IntN(16)]
		}
		checkAddr(t, string(b))
		checkAddr(t, fmt.Sprintf("%d.%d.%d.%d", rng.IntN(300), rng.IntN(300), rng.IntN(20), rng.IntN(300)))
	}
}

func checkAddr(t *testing.T, s string) {
	t.Helper()
	want, err := netip.ParseAddr(s)
	got, ok := ParseAddr(s)
	if wantOK := err == nil && want.Zone() == ""; ok != wantOK || ok && got != want {
		t.Errorf("%q is %v, %v, want %v, %v", s, got, ok, want, wantOK)
	}
	if _, is4 := parseIPv4(s); is4 != (err == nil && want.Is4()) {
		t.Errorf("%q is an IPv4 address: %v, want %v", s, is4, !is4)
	}
}

// TestDictionary puts texts of all lengths into a dictionary, and finds them again.
func TestDictionary(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	for range 20 {
		c, codes := &TextColumn{}, map[string]uint32{}
		for range 3000 {
			b := make([]byte, 1+rng.IntN(40)*rng.IntN(2)+rng.IntN(2))
			for i := range b {
				b[i] = "ab"[rng.IntN(2)]
			}
			s := string(b)
			code := c.Code(s)
			if want, ok := codes[s]; ok && want != code || c.Dict[code] != s {
				t.Fatalf("%q has code %d, want %d", s, code, want)
			}
			codes[s] = code
			if rng.IntN(1000) == 0 {
				c.Settle()
			}
		}
		if len(c.Dict) != len(codes)+1 {
			t.Fatalf("%d texts, want %d", len(c.Dict)-1, len(codes))
		}
	}
}

// TestFillText changes a record of a filled column: no other column changes.
func TestFillText(t *testing.T) {
	one, other := NewBatch(KindVPC), NewBatch(KindVPC)
	for range 3 {
		one.Append()
		other.Append()
	}
	one.FillText(WeirRegion, "eu-west-1")
	other.FillText(WeirRegion, "eu-west-2")
	if err := one.At(1).SetText(WeirRegion, "us-east-1"); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, b := range []*Batch{one, other} {
		for i := range b.Len() {
			s, _ := b.At(i).Text(WeirRegion)
			got = append(got, s)
		}
		got = append(got, fmt.Sprint(b.Texts(WeirRegion).Filled()))
	}
	want := []string{"eu-west-1", "us-east-1", "eu-west-1", "false", "eu-west-2", "eu-west-2", "eu-west-2", "true"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestFillNum changes a record of a filled column of numbers: no other column changes.
func TestFillNum(t *testing.T) {
	one, other, longer := NewBatch(KindVPC), NewBatch(KindVPC), NewBatch(KindVPC)
	for range 3 {
		one.Append()
		other.Append()
		longer.Append()
	}
	for range 100 {
		longer.Append()
	}
	for _, b := range []*Batch{one, other, longer} {
		b.FillNum(Version, 2)
	}
	if err := one.At(1).SetInt(Version, 5); err != nil {
		t.Fatal(err)
	}
	longer.Append() // has none
	var got []string
	for _, b := range []*Batch{one, other, longer} {
		for i := range b.Len() {
			s, _ := b.At(i).Text(Version)
			got = append(got, s)
		}
		v, filled := b.FilledNum(Version)
		got = append(got, fmt.Sprint(v, filled))
	}
	want := slices.Concat([]string{"2", "5", "2", "0 false", "2", "2", "2", "2 true"}, slices.Repeat([]string{"2"}, 103), []string{"", "0 false"})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	other.FillNum(Version, Absent)
	if _, filled := other.FilledNum(Version); filled || other.Nums(Version) != nil {
		t.Error("a column that was filled with nothing is there")
	}
}

// TestSharedColumns decodes objects of which each has one version and account: those share
// memory with others of the kind, and a record that is changed changes alone.
func TestSharedColumns(t *testing.T) {
	decode := func(version string) *Batch {
		text := strings.Repeat(version+" 123456789010 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 1700000000 1700000060 ACCEPT OK\n", 2*leastLent)
		f := DefaultFormat(KindVPC)
		d, err := NewDecoder(strings.NewReader(text), Options{Format: &f})
		if err != nil {
			t.Fatal(err)
		}
		b, err := d.Next()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	first, second, third := decode("2"), decode("2"), decode("3")
	if &first.Nums(Version)[0] != &second.Nums(Version)[0] || &first.Texts(AccountID).Codes[0] != &third.Texts(AccountID).Codes[0] {
		t.Error("equal columns do not share memory")
	}
	for _, set := range []error{first.At(7).SetInt(Version, 9), first.At(7).SetText(AccountID, "210987654321")} {
		if set != nil {
			t.Fatal(set)
		}
	}
	third.Release()
	for i := range second.Len() {
		if v, _ := second.At(i).Int(Version); v != 2 {
			t.Fatalf("record %d has version %d", i, v)
		}
		want := "123456789010"
		if s, _ := second.At(i).Text(AccountID); s != want {
			t.Fatalf("record %d has account %s", i, s)
		}
		if i == 7 {
			want = "210987654321"
		}
		if s, _ := first.At(i).Text(AccountID); s != want {
			t.Fatalf("record %d of the changed batch has account %s", i, s)
		}
	}
}

// TestLinesInMemory reads objects that lie in memory, in which usual lines are taken in a
// row, and as streams, line by line. All must come out the same.
func TestLinesInMemory(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	formats := []string{
		"version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status",
		"account-id version interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status tcp-flags pkt-srcaddr traffic-path",
		"interface-id srcaddr dstaddr srcport dstport start end log-status",
		"start end srcaddr dstaddr tcp-flags vpc-id my-own-field",
		"interface-id vpc-id my-own-field",  // as its header could be
		"version start end srcaddr dstaddr", // VPC's or a transit gateway's
	}
	words := map[string][]string{
		"version": {"2", "5", "6"}, "account-id": {"123456789010", "2026-11-29T10:11:12Z", "unknown"}, "interface-id": {"eni-0123456789abcdef0", "eni-0123456789abcdef1"},
		"srcaddr": {"10.0.0.1", "10.0.0.255", "2001:db8::1", "2001:DB8::1", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff"}, "dstaddr": {"192.168.100.200", "8.8.8.8"},
		"pkt-srcaddr": {"10.0.0.7"}, "action": {"ACCEPT", "REJECT"}, "log-status": {"OK", "NODATA", "SKIPDATA", "OK\u00a0"}, "vpc-id": {"vpc-0123456789abcdef0"},
		"my-own-field": {"x", "é", "\u00a0", "a-word-of-more-than-twenty-four-bytes", "24-bytes-of-word-exactly", "-"}, "start": {"1700000000", "1700000001", "17", "1700000000123"}, "end": {"1700000060"},
		"tcp-flags": {"2", "18", "0"}, "traffic-path": {"8", "0"}, "protocol": {"6", "256"}, "srcport": {"443", "0", "65536"}, "dstport": {"8080"}, "packets": {"1", "12345678"}, "bytes": {"40", "123456789", "1234567890", "12345678901"},
	}
	odd := []string{"", "-", "x", "\x01", "\xff", "99999999999999999999"}
	ends := []string{"\r\n", " \n", "\n\n", "\t\n", "\u00a0\n", " more\n"}
	records, bad := 0, int64(0)
	for range 2_000 {
		var object strings.Builder
		format := strings.Fields(formats[rng.IntN(len(formats))])
		object.WriteString(strings.Join(format, " ") + "\n")
		oddness := rng.IntN(4)
		for range rng.IntN(20) * rng.IntN(20) {
			if oddness == 3 && rng.IntN(15) == 0 {
				format = strings.Fields(formats[rng.IntN(len(formats))])
				object.WriteString(strings.Join(format, " ") + "\n")
			}
			if oddness == 2 && rng.IntN(10) == 0 {
				object.WriteString("2026-11-29T10:11:12.000Z ")
			}
			for i, name := range format {
				if i > 0 {
					object.WriteString(" ")
				}
				if oddness > 0 && rng.IntN(50) == 0 {
					object.WriteString(odd[rng.IntN(len(odd))])
					continue
				}
				of := words[name]
				object.WriteString(of[min(rng.IntN(len(of)), rng.IntN(4))])
			}
			if oddness > 0 && rng.IntN(10) == 0 {
				object.WriteString(ends[rng.IntN(len(ends))])
			} else {
				object.WriteString("\n")
			}
		}
		text := object.String()
		if rng.IntN(3) == 0 {
			text = strings.TrimRight(text, "\n")
		}
		opts := Options{BatchRecords: 1 + rng.IntN(300)}
		want, wantStats := decodeAll(t, struct{ io.Reader }{strings.NewReader(text)}, opts)
		got, gotStats := decodeAll(t, bytes.NewReader([]byte(text)), opts)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%q:\n%s", text, diff)
		}
		if diff := cmp.Diff(wantStats, gotStats, cmp.AllowUnexported(Format{})); diff != "" {
			t.Fatalf("%q:\n%s", text, diff)
		}
		records, bad = records+len(got), bad+gotStats.Bad
	}
	if records < 10_000 || bad < 1_000 {
		t.Fatalf("%d records, %d bad lines: too few to tell", records, bad)
	}
}

// TestWordBehindLine reads a line behind which its array goes on: nothing of that may get
// into a dictionary.
func TestWordBehindLine(t *testing.T) {
	f, ok := ParseHeader("version vpc-id")
	if !ok {
		t.Fatal("no header")
	}
	p := newLineParser(f)
	p.expect = 2 * laterRoom
	array := []byte("2 vpc-1" + strings.Repeat("23", 20))
	if err := p.parse(array[:len("2 vpc-1")]); err != nil {
		t.Fatal(err)
	}
	if got, want := p.take().Texts(VPCID).Dict, []string{"", "vpc-1"}; !slices.Equal(got, want) {
		t.Errorf("the dictionary is %q, want %q", got, want)
	}
}

// decodeAll returns the records of an object as text, with the batch of each, and the stats. It releases
// each batch.
func decodeAll(t *testing.T, r io.Reader, o Options) (records []string, stats Stats) {
	t.Helper()
	d, err := NewDecoder(r, o)
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; ; n++ {
		b, err := d.Next()
		if err != nil {
			return append(records, err.Error()), d.Stats()
		}
		for r := range b.Records() {
			var text strings.Builder
			fmt.Fprint(&text, n, " ", b.Kind(), " ", r.EventTime())
			for _, id := range order[b.Kind()] {
				if v, ok := r.Text(id); ok && fields[id].Type != Map {
					text.WriteString(" " + fields[id].Name + "=" + v)
				}
			}
			for name, v := range r.Unknown() {
				text.WriteString(" " + name + "=" + v)
			}
			records = append(records, text.String())
		}
		b.Release()
	}
}
