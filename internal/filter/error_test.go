package filter

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestParseRefuses holds what people type wrong: the excerpt shows the place.
func TestParseRefuses(t *testing.T) {
	for _, tt := range []struct{ text, carets, message, hint string }{
		// Shape.
		{"", "^", "the filter is empty", ""},
		{"  \n", "^", "the filter is empty", ""},
		{"dstport", "       ^", "an operator is missing after dstport", "one of =, !=, <, <=, >, >=, in, not in, is absent, is present"},
		{"instance-id foo", "            ^^^", `an operator is missing between instance-id and "foo"`, "one of =, !=, in, not in, contains, not contains, starts with, not starts with, ~, !~, is absent, is present"},
		{"dstport = ", "          ^", `a value is missing after "="`, ""},
		{"dstport = and srcport = 1", "          ^^^", `a value is missing after "="`, "put the word in quotes where it is a value"},
		{"dstport = 22 srcport = 1", "             ^^^^^^^", `"srcport" cannot stand here`, "join comparisons by and or or; put text with spaces in quotes"},
		{"dstport = 22 and", "                ^", "a field is missing before the end", "a comparison is a field, an operator and a value, such as dstport = 22"},
		{"and dstport = 22", "^^^", `a field is missing before "and"`, "a comparison is a field, an operator and a value, such as dstport = 22"},
		{"not", "   ^", "a field is missing before the end", "a comparison is a field, an operator and a value, such as dstport = 22"},
		{"(dstport = 22", "             ^", "the end cannot stand here", "the ( at byte 1 is not closed"},
		{"dstport = 22)", "            ^", `")" cannot stand here`, "there is no ( that it closes"},
		{"()", " ^", `a field is missing before ")"`, "a comparison is a field, an operator and a value, such as dstport = 22"},
		{"'dstport' = 22", "^^^^^^^^^", "a comparison begins with a field", "field names stand without quotes"},
		{"dstport = 22 && srcport = 1", "             ^^", `"&&" is not known here`, `write "and"`},
		{"!(dstport = 22)", "^", `"!" is not known here`, `write "not"`},
		{"dstport = 22;", "            ^", `";" is not known here`, `write "and"`},
		{"instance-id = 'web", "              ^^^^", "the text has no end", "a ' is missing"},
		{`instance-id = "web'`, "              ^^^^^", "the text has no end", `a " is missing`},
		{"instance-id ~ /web", "              ^^^^", "the regular expression has no end", "a / is missing"},
		{"instance-id = a\xffb", "               ^", "the text is not UTF-8", ""},
		{"instance-id = 'a\x00b'", "                ^", "the text has a NUL character in it", ""},
		{"\x00", "^", "the text has a NUL character in it", ""},

		// Names.
		{"dstprt = 22", "^^^^^^", `no field "dstprt"`, "did you mean dstport?"},
		{"Dst_Prot = 22", "^^^^^^^^", `no field "Dst_Prot"`, "did you mean dstport?"},
		{"protcol = 6", "^^^^^^^", `no field "protcol"`, "did you mean protocol?"},
		{"adr = ::1", "^^^", `no field "adr"`, "did you mean addr?"},
		{"something-else = 22", "^^^^^^^^^^^^^^", `no field "something-else"`, ""},
		{"10.0.0.1", "^^^^^^^^", `no field "10.0.0.1"`, "a comparison begins with a field: addr = 10.0.0.1"},
		{"10.0.0.0/8", "^^^^^^^^^^", `no field "10.0.0.0/8"`, "a comparison begins with a field: addr in 10.0.0.0/8"},
		{"22", "^^", `no field "22"`, "a comparison begins with a field, such as dstport = 22"},
		{"tgw-id = x", "^^^^^^", "VPC flow logs have no tgw-id", "transit gateway flow logs have it"},
		{"weir-unknown = x", "             ^", "weir-unknown is no single value", "it can be absent or present; its fields are named by themselves"},

		// Operators.
		{"srcaddr < 10.0.0.1", "        ^", "srcaddr has no order", "use in with a CIDR, such as srcaddr in 10.0.0.0/8"},
		{"action >= reject", "       ^^", "action has no order", "use = or in"},
		{"dstport contains 2", "        ^^^^^^^^", "dstport is no text", "use =, !=, <, <=, >, >=, in, not in, is absent, is present"},
		{"dstport ~ /2/", "        ^", "dstport is no text", "use =, !=, <, <=, >, >=, in, not in, is absent, is present"},
		{"instance-id starts i-", "                   ^^", `"i-" cannot stand here`, "the operator is: starts with"},
		{"instance-id like web", "            ^^^^", `an operator is missing between instance-id and "like"`, "one of =, !=, in, not in, contains, not contains, starts with, not starts with, ~, !~, is absent, is present"},
		{"dstport is 22", "           ^^", `"22" cannot stand behind is`, "a field is absent or is present"},
		{"dstport not = 22", "            ^", `an operator is missing between dstport and "="`, "one of =, !=, <, <=, >, >=, in, not in, is absent, is present"},
		{"instance-id ~ web", "              ^^^", "a regular expression is missing", "it stands between slashes: instance-id ~ /^web/"},
		{"instance-id ~ /(web/", "              ^^^^^^", "the regular expression is not right", "missing closing ): `(web`"},
		{"instance-id ~ /(?=web)/", "              ^^^^^^^^^", "the regular expression is not right", "invalid or unsupported Perl syntax: `(?=`"},

		// Values.
		{"srcaddr = web", "          ^^^", `"web" is no address`, "srcaddr takes an address or a CIDR, such as 10.0.0.0/8"},
		{"srcaddr = 10.0.0.256", "          ^^^^^^^^^^", `"10.0.0.256" is no address`, "srcaddr takes an address or a CIDR, such as 10.0.0.0/8"},
		{"srcaddr = fe80::1%eth0", "          ^^^^^^^^^^^^", `"fe80::1%eth0" is no address`, "srcaddr takes an address or a CIDR, such as 10.0.0.0/8"},
		{"srcaddr = 10.0.0.0/8", "          ^^^^^^^^^^", `"10.0.0.0/8" is a network`, "write srcaddr in 10.0.0.0/8"},
		{"addr in (10.0.0.0/8, 10.0.0.0/33)", "                     ^^^^^^^^^^^", `"10.0.0.0/33" is no CIDR`, "addr takes an address or a CIDR, such as 10.0.0.0/8"},
		{"srcaddr = -", "          ^", "- is how logs write that a field is absent", "write srcaddr is absent"},
		{"dstport = 65536", "          ^^^^^", `"65536" is no value of dstport`, "dstport takes a number from 0 to 65535 or a service name, such as ssh"},
		{"dstport = -1", "          ^^", `"-1" is no value of dstport`, "dstport takes a number from 0 to 65535 or a service name, such as ssh"},
		{"port = htps", "       ^^^^", `"htps" is no value of port`, "did you mean https?"},
		{"protocol = tpc", "           ^^^", `"tpc" is no value of protocol`, "did you mean tcp?"},
		{"protocol = 256", "           ^^^", `"256" is no value of protocol`, "protocol takes a number from 0 to 255 or a name, such as tcp"},
		{"packets > 1.5", "          ^^^", `"1.5" is no value of packets`, "packets takes a whole number up to 9223372036854775807"},
		{"packets > 9223372036854775808", "          ^^^^^^^^^^^^^^^^^^^", `"9223372036854775808" is no value of packets`, "packets takes a whole number up to 9223372036854775807"},
		{"bytes > 10MBit", "        ^^^^^^", `"MBit" is no unit`, "units are B, kB, MB, GB, TB and KiB, MiB, GiB, TiB"},
		{"bytes > 0.5B", "        ^^^^", `"0.5B" is no whole number of bytes`, "bytes takes a whole number or a size, such as 10MB or 10MiB"},
		{"bytes > 99999999 TiB", "        ^^^^^^^^^^^^", `"99999999TiB" is no whole number of bytes`, "bytes takes a whole number or a size, such as 10MB or 10MiB"},
		{"bytes > much", "        ^^^^", `"much" is no size`, "bytes takes a whole number or a size, such as 10MB or 10MiB"},
		{"action = drop", "         ^^^^", `"drop" is no action`, "action takes ACCEPT or REJECT"},
		{"action = acept", "         ^^^^^", `"acept" is no action`, "did you mean ACCEPT?"},
		{"log-status = x", "             ^", `"x" is no log-status`, "log-status takes OK, NODATA or SKIPDATA"},
		{"start > yesterday", "        ^^^^^^^^^", `"yesterday" is no time`, "start takes a time, such as 2026-03-02T10:00, or seconds since the epoch"},
		{"start = 2026-03-02", "        ^^^^^^^^^^", "a date alone stands for its first moment", "use it with >= or <, or write the time of day"},
		{"start <= 2026-03-02", "         ^^^^^^^^^^", "a date alone stands for its first moment", "use it with >= or <, or write the time of day"},
		{"start in (2026-03-02, 5)", "          ^^^^^^^^^^", "a date alone stands for its first moment", "write the time of day"},
		{"start in 2026-03-02..2026-03-03", "         ^^^^^^^^^^^^^^^^^^^^^^", `"2026-03-02..2026-03-03" has no two ends`, "a range is written 2026-03-02T10:00..2026-03-02T11:00"},
		{"start > 1772445600000", "        ^^^^^^^^^^^^^", `"1772445600000" lies behind the year 9999`, "times are seconds since the epoch, not milliseconds"},
		{"start > 1969-12-31T10:00", "        ^^^^^^^^^^^^^^^^", `"1969-12-31T10:00" lies before 1970`, ""},
		{"start > 2026-03-02T10:00:00.5", "        ^^^^^^^^^^^^^^^^^^^^^", `"2026-03-02T10:00:00.5" has a fraction of a second`, "flow logs have whole seconds"},
		{"start > 2026-03-02 10:00:99", "        ^^^^^^^^^^^^^^^^^^^", `"2026-03-02T10:00:99" does not exist in Europe/Berlin`, "there is no such date or time of day"},

		// Lists and ranges.
		{"dstport in ()", "            ^", `a value is missing after "in"`, ""},
		{"dstport in (22,)", "               ^", `a value is missing after "in"`, ""},
		{"dstport in (22 23)", "               ^^", `"23" cannot stand here`, "the values of a list stand between commas, and ) closes it"},
		{"dstport in (22", "              ^", "the end cannot stand here", "the values of a list stand between commas, and ) closes it"},
		{"dstport in 22..", "           ^^^^", `"22.." has no two ends`, "a range is written 1024..65535"},
		{"dstport in 90..80", "           ^^^^^^", `"90..80" is empty`, "the smaller end stands first"},
		{"dstport in 22..htps", "               ^^^^", `"htps" is no value of dstport`, "did you mean https?"},
		{"dstport = 22..80", "          ^^^^^^", `"22..80" is a range`, "write dstport in 22..80"},
	} {
		t.Run(tt.text, func(t *testing.T) {
			e, err := Parse(tt.text, testOptions(t))
			var fault *Error
			if !errors.As(err, &fault) {
				t.Fatalf("got %v, %v", e, err)
			}
			type seen struct{ Carets, Message, Hint string }
			lines := strings.Split(fault.Excerpt(tt.text), "\n")
			got := seen{lines[1], fault.Message, fault.Hint}
			if diff := cmp.Diff(seen{tt.carets, tt.message, tt.hint}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestExcerpt(t *testing.T) {
	text := "dstport = 22\n\tand über = 1\nand srcport = 2"
	_, err := Parse(text, Options{})
	var fault *Error
	if !errors.As(err, &fault) {
		t.Fatal(err)
	}
	if diff := cmp.Diff("\tand über = 1\n\t    ^^^^\n", fault.Excerpt(text)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(`no field "über"`, err.Error()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wide := &Error{Offset: 3, Length: 100, Message: "m", Hint: "h"}
	if diff := cmp.Diff("abcdef\n   ^^^\n", wide.Excerpt("abcdef\nghi")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff("\n^\n", wide.Excerpt("")); diff != "" {
		t.Errorf("another text (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff("m", wide.Error()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"abc", "", 3},
		{"", "abc", 3},
		{"dstport", "dstport", 0},
		{"dstprt", "dstport", 1},
		{"dstprot", "dstport", 1},
		{"kitten", "sitting", 3},
		{"ü", "u", 1},
	} {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
