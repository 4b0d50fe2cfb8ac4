package flowlog

import (
	"fmt"
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
	}
	usual := []string{"2", "123456789010", "eni-%d", "10.0.0.%d", "10.1.0.%d", "%d", "443", "6", "%d", "%d", "1700000000", "1700000060", "ACCEPT", "OK"}
	spaces := []string{" ", " ", " ", " ", " ", " ", "  ", "\t", " \r"}
	fast, slow := newLineParser(DefaultFormat(KindVPC)), newLineParser(DefaultFormat(KindVPC))
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
				c.settle()
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
