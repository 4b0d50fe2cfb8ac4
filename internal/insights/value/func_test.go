package value

import (
	"errors"
	"strings"
	"testing"
)

// call calls a function with constants: absent, true, false, numbers, texts in quotes, [lists] and {maps} of JSON.
func call(t *testing.T, text string) string {
	t.Helper()
	name, rest, _ := strings.Cut(text, "(")
	f, ok := Lookup(name)
	if !ok {
		t.Fatalf("no function %s", name)
	}
	var args []Value
	var pointers []*Value
	if inner := strings.TrimSuffix(rest, ")"); inner != "" {
		for a := range strings.SplitSeq(inner, "; ") {
			args = append(args, constantOf(t, a))
		}
	}
	for i := range args {
		pointers = append(pointers, &args[i])
	}
	if f.Field != "" {
		pointers = pointers[1:]
	}
	if len(pointers) < f.Min || f.Max >= 0 && len(pointers) > f.Max {
		t.Fatalf("%s: %d arguments", text, len(pointers))
	}
	if f.Check != nil {
		if err := f.Check(pointers); err != nil {
			if _, ok := errors.AsType[*ArgError](err); !ok {
				t.Fatalf("%s: %T", text, err)
			}
			return "refused: " + err.Error()
		}
	}
	v := f.Call(&Context{Start: 1000, End: 61999, Now: 1769903999123}, args)
	if f.Result != AbsentKind && !v.IsAbsent() && v.Kind() != f.Result {
		t.Errorf("%s is of kind %s, the table says %s", text, v.Kind(), f.Result)
	}
	return show(v)
}

func constantOf(t *testing.T, s string) Value {
	switch {
	case s == "absent":
		return Absent
	case s == "true", s == "false":
		return Bool(s == "true")
	case strings.HasPrefix(s, "'"):
		return Text(strings.Trim(s, "'"))
	case strings.HasPrefix(s, "t"):
		ms, _ := ParseNumber(s[1:])
		return Time(int64(ms))
	}
	v, ok := ParseJSON(s)
	if !ok {
		t.Fatalf("no constant: %s", s)
	}
	return v
}

// Most examples are AWS's; where AWS has none, what docs/decisions/0030 says.
var calls = map[string]string{
	// numeric
	"abs(-3)":                    "3",
	"abs('-2.5')":                "2.5",
	"abs('x')":                   "absent",
	"abs(absent)":                "absent",
	"abs([1])":                   "absent",
	"ceil(1.2)":                  "2",
	"ceil(-1.2)":                 "-1",
	"floor(1.8)":                 "1",
	"floor(-1.2)":                "-2",
	"greatest(1; '10'; 2)":       "10",
	"greatest(1; absent)":        "absent",
	"least(3; 2; 4)":             "2",
	"least(7)":                   "7",
	"log(1)":                     "0",
	"log(0)":                     "absent",
	"log(-1)":                    "absent",
	"sqrt(9)":                    "3",
	"sqrt(-1)":                   "absent",
	"round(2.5)":                 "3",
	"round(-2.5)":                "-3",
	"round(3.14159; 2)":          "3.14",
	"round(1234; -2)":            "1200",
	"round(1.5; 400)":            "1.5",
	"round(15; -400)":            "0",
	"mod(10; 3)":                 "1",
	"mod(1; 0)":                  "absent",
	"pow(2; 3)":                  "8",
	"toNumber('12.5')":           "12.5",
	"toNumber('a')":              "absent",
	"toDouble('1e2')":            "100",
	"toInt('12.9')":              "12",
	"toInt(-1.9)":                "-1",
	"toInt(4294967296)":          "absent",
	"toLong(4294967296.5)":       "4294967296",
	"toLong(1e19)":               "absent",
	"haversine(0; 0; 0; 0)":      "0",
	"haversine(0; 0; 0; 'east')": "absent",

	// time
	"bin(t1769903999123; '5m')": "t'2026-01-31 23:55:00.000'",
	// cut to 60 s
	"bin(t1769903999123; '300s')": "t'2026-01-31 23:59:00.000'",
	// cut to 60 m
	"bin(t1769903999123; '100m')": "t'2026-01-31 23:00:00.000'",
	// cut to 24 h
	"bin(t1769903999123; '48h')": "t'2026-01-31 00:00:00.000'",
	// cut to 1000 ms
	"bin(t1769903999123; '5000ms')": "t'2026-01-31 23:59:59.000'",
	"bin(t1769903999123; '1d')":     "t'2026-01-31 00:00:00.000'",
	// a Monday
	"bin(t1769903999123; '1w')":                                "t'2026-01-26 00:00:00.000'",
	"bin(t1769903999123; '1mo')":                               "t'2026-01-01 00:00:00.000'",
	"bin(t1769903999123; '1q')":                                "t'2026-01-01 00:00:00.000'",
	"bin(t1769903999123; '5mo')":                               "t'2025-11-01 00:00:00.000'",
	"bin(t1769903999123; '2y')":                                "t'2026-01-01 00:00:00.000'",
	"bin(t-1; '1h')":                                           "t'1969-12-31 23:00:00.000'",
	"bin(t-1; '1mo')":                                          "t'1969-12-01 00:00:00.000'",
	"bin(absent; '1h')":                                        "absent",
	"bin(t0; '0m')":                                            `refused: "0m" is no period`,
	"bin(t0; 'm')":                                             `refused: "m" is no period`,
	"datefloor(t1769903999123; '1h')":                          "t'2026-01-31 23:00:00.000'",
	"datefloor('1769903999123'; '1h')":                         "t'2026-01-31 23:00:00.000'",
	"datefloor('x'; '1h')":                                     "absent",
	"dateceil(t1769903999123; '1h')":                           "t'2026-02-01 00:00:00.000'",
	"dateceil(t1769904000000; '1h')":                           "t'2026-02-01 00:00:00.000'",
	"dateceil(t1769903999123; '1y')":                           "t'2027-01-01 00:00:00.000'",
	"fromMillis(1769903999123)":                                "t'2026-01-31 23:59:59.123'",
	"fromMillis(1e300)":                                        "absent",
	"toMillis(t1769903999123)":                                 "1769903999123",
	"now()":                                                    "1769903999",
	"queryStartTime()":                                         "1000",
	"queryEndTime()":                                           "61999",
	"queryTimeRange()":                                         "60999",
	"formatDate(t1769903999123; '%Y-%m-%dT%H:%M:%S.%L%z')":     `"2026-01-31T23:59:59.123+0000"`,
	"strftime(t1769903999123; '%H:%M'; 'Europe/Berlin')":       `"00:59"`,
	"formatDate(t1769903999123; '%I %p %j %u %w %V %U %W %G')": `"11 PM 031 6 6 05 04 04 2026"`,
	"formatDate(t1769903999123; '100%% %e%n%s')":               "\"100% 31\n1769903999\"",
	"formatDate(t1769903999123; '%H'; '-05:30')":               `"18"`,
	"formatDate(t0; '%Q')":                                     "refused: %Q is no letter of strftime that is supported",
	"formatDate(t0; '%')":                                      "refused: the format ends with a single %",
	"formatDate(t0; '%H'; 'Mars/Olympus')":                     `refused: "Mars/Olympus" is no time zone`,
	"formatDate(t0; '%H'; 'Local')":                            `refused: "Local" is no time zone`,
	"formatDate('x'; '%H')":                                    "absent",
	"parseDate('2026-01-31 23:59:59.123'; 'yyyy-MM-dd HH:mm:ss.SSS')":          "1769903999123",
	"parseDate('2026-01-31 23:59:59'; 'yyyy-MM-dd HH:mm:ss'; 'Europe/Berlin')": "1769900399000",
	"parseDate('2026-01-31T23:59:59+01:00'; 'yyyy-MM-ddTHH:mm:ssXXX')":         "refused: T is no field of a date pattern that is supported",
	"parseDate('31/Jan/2026:23:59:59 +0100'; 'dd/MMM/yyyy:HH:mm:ss Z')":        "1769900399000",
	"parseDate('20260131235959'; 'yyyyMMddHHmmss')":                            "1769903999000",
	"parseDate('1/2/26 3:04 pm'; 'M/d/yy h:mm a')":                             "1767366240000",
	"parseDate('12:00 AM 1/2/26'; 'h:mm a M/d/yy')":                            "1767312000000",
	"parseDate('Saturday, January 31, 2026'; 'EEEE, MMMM d, yyyy')":            "1769817600000",
	// it was a Saturday
	"parseDate('Sunday, January 31, 2026'; 'EEEE, MMMM d, yyyy')": "absent",
	"parseDate('2026 031'; 'yyyy DDD')":                           "1769817600000",
	"parseDate('2026-02-30'; 'yyyy-MM-dd')":                       "absent",
	"parseDate('2026-01-31 x'; 'yyyy-MM-dd')":                     "absent",
	"parseDate('2026-1-31'; 'yyyy-MM-dd')":                        "absent",
	"parseDate('2026-01-31 24:00'; 'yyyy-MM-dd HH:mm')":           "absent",
	"parseDate('2026-01-31 23:59:59Z'; 'yyyy-MM-dd HH:mm:ssX')":   "1769903999000",
	"parseDate('2026-01-31 23:59 UTC'; 'yyyy-MM-dd HH:mm z')":     "1769903940000",
	"parseDate('x'; 'HH:mm')":                                     "refused: the pattern tells no date: it needs a year, and a month and a day or a day of the year",
	"parseDate('x'; 'yyyy-MM-dd hh')":                             "refused: the hour of h and K needs a (AM or PM); H is the hour of the day",
	"parseDate('x'; 'YYYY-MM-dd')":                                "refused: YYYY is no field of a date pattern that is supported",
	"parseDate('x'; 'yyyy-MM-dd[ HH]')":                           "refused: [ is not supported in a date pattern; between single quotes it stands for itself",
	"parseDate(absent; 'yyyy-MM-dd')":                             "absent",

	// general
	"ispresent('')":                    "true",
	"ispresent('-')":                   "true",
	"ispresent(absent)":                "false",
	"ispresent([])":                    "true",
	"coalesce(absent; 'a'; 'b')":       `"a"`,
	"coalesce(absent)":                 "absent",
	"coalesce('')":                     `""`,
	"case(false; 'a'; true; 'b'; 'c')": `"b"`,
	"case(absent; 'a'; 'c')":           `"c"`,
	"case(false; 'a')":                 "absent",
	"if(true; 1; 2)":                   "1",
	"if(absent; 1; 2)":                 "2",
	"if('x'; 1; 2)":                    "2",
	"isNumeric('1e3')":                 "true",
	"isNumeric('-')":                   "false",
	"isNumeric(absent)":                "false",
	"isNumeric([1])":                   "false",
	"messageSize('é')":                 "2",
	"messageSize(absent)":              "absent",
	"unmask('a')":                      `"a"`,

	// JSON
	`jsonParse('{"b":1.50,"a":[null,"x"]}')`: `{"b":1.50,"a":[null,"x"]}`,
	`jsonParse('[1,2]')`:                     "[1,2]",
	`jsonParse('1')`:                         "absent",
	`jsonParse('{"a":1} x')`:                 "absent",
	`jsonParse('')`:                          "absent",
	`jsonParse(absent)`:                      "absent",
	`jsonParse('{"a":1,"b":2,"a":3}')`:       `{"a":3,"b":2}`,
	`jsonStringify({"a":[1.0,"<&>"]})`:       `"{"a":[1.0,"<&>"]}"`,
	`jsonStringify('a')`:                     "absent",
	`jsonArraySize([1,2])`:                   "2",
	`jsonArraySize('[]')`:                    "0",
	`jsonArraySize('{}')`:                    "absent",
	`jsonArraySize('x')`:                     "absent",
	`jsonArrayContains('["a","b"]'; 'b')`:    "true",
	`jsonArrayContains('["ab"]'; 'b')`:       "false",
	`jsonArrayContains([1.0]; '1')`:          "true",
	`jsonArrayContains('x'; 'b')`:            "false",
	`jsonArrayContains('{"b":1}'; 'b')`:      "false",
	`jsonArrayContains('[]'; 'b')`:           "false",
	`jsonArrayContains(absent; 'b')`:         "absent",

	// IP
	"isValidIp('10.0.0.1')":                         "true",
	"isValidIp('::1')":                              "true",
	"isValidIp('10.0.0.256')":                       "false",
	"isValidIp('010.0.0.1')":                        "false",
	"isValidIp('-')":                                "false",
	"isValidIp(absent)":                             "absent",
	"isValidIp('fe80::1%eth0')":                     "false",
	"isValidIp('10.0.0.1/8')":                       "false",
	"isValidIpV4('::ffff:10.0.0.1')":                "false",
	"isValidIpV6('::ffff:10.0.0.1')":                "true",
	"isValidIpV6('10.0.0.1')":                       "false",
	"isIpInSubnet('10.1.2.3'; '10.0.0.0/8')":        "true",
	"isIpInSubnet('::ffff:10.1.2.3'; '10.0.0.0/8')": "false",
	"isIpInSubnet('2001:db8::5'; '2001:db8::/32')":  "true",
	"isIpInSubnet('-'; '10.0.0.0/8')":               "false",
	"isIpInSubnet(absent; '10.0.0.0/8')":            "absent",
	// masked
	"isIpInSubnet('10.0.0.9'; '10.0.0.5/24')":        "true",
	"isIpInSubnet('10.0.0.9'; '10.0.0.5')":           `refused: "10.0.0.5" is no network in CIDR form`,
	"isIpInSubnet('10.0.0.9'; '10.0.0.0/33')":        `refused: "10.0.0.0/33" is no network in CIDR form`,
	"isIpv4InSubnet('192.0.2.9'; '192.0.2.0/24')":    "true",
	"isIpv4InSubnet('2001:db8::5'; '2001:db8::/32')": "false",
	"isIpv6InSubnet('2001:db8::5'; '2001:db8::/32')": "true",
	"isIpv6InSubnet('192.0.2.9'; '192.0.2.0/24')":    "false",
	"ipv4ToNumber('10.0.0.1')":                       "167772161",
	"ipv4ToNumber('255.255.255.255')":                "4294967295",
	"ipv4ToNumber('::1')":                            "absent",
	"ipv4ToNumber('x')":                              "absent",
	"isPrivateIP('172.31.255.255')":                  "true",
	"isPrivateIP('172.32.0.0')":                      "false",
	"isPrivateIP('fc00::1')":                         "false",
	"isPrivateIP('-')":                               "false",
	"isPublicIP('8.8.8.8')":                          "true",
	"isPublicIP('10.0.0.1')":                         "false",
	"isPublicIP('127.0.0.1')":                        "false",
	"isPublicIP('2600::1')":                          "true",
	"isPublicIP('fe80::1')":                          "false",
	"isPublicIP('-')":                                "false",
	"isReservedIP('169.254.1.1')":                    "true",
	"isReservedIP('224.0.0.1')":                      "true",
	"isReservedIP('10.0.0.1')":                       "false",
	"isReservedIP('2001:db8::1')":                    "true",
	"isReservedIP('8.8.8.8')":                        "false",
	"isReservedIP('::ffff:8.8.8.8')":                 "true",

	// text
	"isempty('')":                 "1",
	"isempty(absent)":             "1",
	"isempty(' ')":                "0",
	"isempty(0)":                  "0",
	"isempty([])":                 "0",
	"isblank(' \t')":              "1",
	"isblank(absent)":             "1",
	"isblank('a')":                "0",
	"concat('a'; 1; true)":        `"a11"`,
	"concat('a'; absent)":         "absent",
	"ltrim('xyZxyfooxyZ'; 'xyZ')": `"fooxyZ"`,
	"rtrim('xyZfooxyxyZ'; 'xyZ')": `"xyZfoo"`,
	"trim('xyZfooxyxyZ'; 'xyZ')":  `"foo"`,
	"ltrim(' a ')":                `"a "`,
	"rtrim(' a ')":                `" a"`,
	"trim(' a ')":                 `"a"`,
	"trim('a'; '')":               `"a"`,
	"strlen('héé')":               "3",
	"strlen(1.50)":                "4",
	"strlen([])":                  "absent",
	"toupper('aé')":               `"AÉ"`,
	"tolower('AÉ')":               `"aé"`,
	"substr('xyZfooxyZ'; 3; 3)":   `"foo"`,
	"substr('xyZfooxyZ'; 3)":      `"fooxyZ"`,
	"substr('abc'; 5)":            `""`,
	"substr('abc'; -2)":           `"abc"`,
	"substr('abc'; 1; -1)":        `""`,
	"substr('héllo'; 1; 1)":       `"é"`,
	"substr('abc'; 1; 1e300)":     `"bc"`,
	"substr('abc'; 'x')":          "absent",
	"replace('foo'; 'o'; '0')":    `"f00"`,
	"replace('foo'; ''; '0')":     `"foo"`,
	`regexReplace('10.0.0.1'; '(\d+)\.(\d+)'; '\2-\1')`: `"0-10.1-0"`,
	`regexReplace('aaa'; 'a*'; 'b')`:                    `"b"`,
	`regexReplace('abc'; 'x'; 'y')`:                     `"abc"`,
	`regexReplace('a$b'; '\$'; '$1')`:                   `"a$1b"`,
	`regexReplace('a'; '(a)|(b)'; '[\2]')`:              `"[]"`,
	`regexReplace('a'; '(?=a)'; 'b')`:                   "refused: error parsing regexp: invalid or unsupported Perl syntax: `(?=`",
	`regexReplace('a'; 'a'; '\1')`:                      "refused: the regular expression has no group 1",
	`regexReplace('a'; 'a'; 'b\')`:                      "refused: a backslash in a replacement must be before a digit or another one",
	"strcontains('foo'; 'oo')":                          "1",
	"strcontains('foo'; 'OO')":                          "0",
	"strcontains('foo'; 'OO'; true)":                    "1",
	"strcontains(absent; 'a')":                          "0",
	"startsWith('foo'; 'fo')":                           "1",
	"startsWith('foo'; 'oo')":                           "0",
	"endsWith('foo'; 'oo')":                             "1",
	"endsWith(absent; 'o')":                             "0",
	"split('a,b,,c'; ',')":                              `["a","b","","c"]`,
	"split('é1'; '')":                                   `["é","1"]`,
	"split(absent; ',')":                                "absent",

	// encodings
	"urlencode('a b/é~')":       `"a%20b%2F%C3%A9~"`,
	"urldecode('a%20b+%C3%A9')": `"a b é"`,
	"urldecode('%zz')":          "absent",
	"urldecode('%ff')":          "absent",
	"base64encode('fooé')":      `"Zm9vw6k="`,
	"base64decode('Zm9vw6k=')":  `"fooé"`,
	"base64decode('Zm9v')":      `"foo"`,
	"base64decode('Zm9vw6k')":   `"fooé"`,
	"base64decode('!')":         "absent",
	"base64decode('/w==')":      "absent",
	"hexToAscii('666f6f')":      `"foo"`,
	"hexToAscii('0x666F6F')":    `"foo"`,
	"hexToAscii('')":            `""`,
	"hexToAscii('6')":           "absent",
	"hexToAscii('zz')":          "absent",
	"hexToDec('ff')":            "255",
	"hexToDec('0xFF')":          "255",
	"hexToDec('')":              "absent",
	"hexToDec('0x')":            "absent",
	"hexToDec('-1')":            "absent",
	"decToHex(255)":             `"0xff"`,
	"decToHex(0)":               `"0x0"`,
	"decToHex(-1)":              `"-0x1"`,
	"decToHex(26.9)":            `"0x1a"`,
	"decToHex(-0.5)":            `"0x0"`,
	"decToHex(1e19)":            "absent",
	"decToHex('x')":             "absent",
	"md5('')":                   `"d41d8cd98f00b204e9800998ecf8427e"`,
	"sha256('abc')":             `"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"`,
	"md5(absent)":               "absent",
}

func TestFunctions(t *testing.T) {
	called := map[string]bool{}
	for text, want := range calls {
		if got := call(t, text); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
		name, _, _ := strings.Cut(text, "(")
		f, _ := Lookup(strings.ToUpper(name))
		called[f.Name] = true
	}
	for _, f := range Funcs() {
		if !called[f.Name] {
			t.Errorf("%s is not tested", f.Name)
		}
		if f.Doc == "" || f.Source == "" || !strings.HasPrefix(f.Signature, f.Name+"(") {
			t.Errorf("%s has no doc, source or signature", f.Name)
		}
	}
}

// Berlin to Munich, which gazetteers give as some 504 km.
func TestHaversine(t *testing.T) {
	f, _ := Lookup("haversine")
	v := f.Call(nil, []Value{Number(52.52), Number(13.405), Number(48.137), Number(11.575)})
	if d, _ := v.Number(); d < 503 || d > 506 {
		t.Errorf("%v km", d)
	}
}

// Functions get whatever a field holds: none may fail, and no number may be infinite.
func TestFunctionsTakeAnything(t *testing.T) {
	odd := []Value{Absent, Text(""), Text("-"), Text("\xff%"), Text("1e308"), Number(-1e308), Number(9e15), Bool(true), Time(1 << 53), List(nil), Text(`\`), Text("5m"), Text("yyyy''MMdd'")}
	for _, f := range Funcs() {
		n := f.Min
		if f.Field != "" {
			n++
		}
		for n <= 4 && (f.Max < 0 || n <= f.Max || f.Field != "" && n <= f.Max+1) {
			for i := range odd {
				args := make([]Value, n)
				for j := range args {
					args[j] = odd[(i*(j+1)+j)%len(odd)]
				}
				v := f.Call(&Context{}, args)
				if x, ok := v.Number(); ok && x-x != 0 {
					t.Errorf("%s of %v is %v", f.Name, args, x)
				}
			}
			n++
		}
	}
}

func TestUnits(t *testing.T) {
	for name, want := range map[string]string{
		"s": "s", "secs": "s", "Minutes": "m", "hrs": "h", "msec": "ms", "weeks": "w", "mon": "mo", "qtrs": "q", "yr": "y", "M": "m",
	} {
		if u, _ := LookupUnit(name); u.Short != want {
			t.Errorf("%s is %q, want %s", name, u.Short, want)
		}
	}
	for _, name := range []string{"", "ds", "ss", "fortnight"} {
		if _, ok := LookupUnit(name); ok {
			t.Errorf("%s is a unit", name)
		}
	}
	for _, test := range []struct {
		p       string
		n, from int64
		want    string
	}{
		{"1d", -1, 1769903999123, "2026-01-30 23:59:59.123"},
		{"1mo", 1, 1769903999123, "2026-02-28 23:59:59.123"},
		{"1q", -1, 1769903999123, "2025-10-31 23:59:59.123"},
		{"1y", 2, 1769903999123, "2028-01-31 23:59:59.123"},
	} {
		p, _ := ParsePeriod(test.p)
		if got := FormatTime(p.Add(test.from, test.n)); got != test.want {
			t.Errorf("%d times %s later is %s, want %s", test.n, test.p, got, test.want)
		}
	}
}

func FuzzDates(f *testing.F) {
	f.Add("yyyy-MM-dd HH:mm:ss.SSS", "2026-01-31 23:59:59.123", "%Y %q")
	f.Add("EEE, d MMM yyyy h a 'o''clock' XXX", "Sat, 31 Jan 2026 11 PM o'clock +01:00", "%")
	f.Fuzz(func(t *testing.T, pattern, text, format string) {
		args := []Value{Text(text), Text(pattern)}
		if v := parseDate(nil, args); !v.IsAbsent() && checkDatePattern([]*Value{&args[0], &args[1]}) != nil {
			t.Errorf("%q is read by %q, which is refused", text, pattern)
		}
		formatDate(nil, []Value{Time(0), Text(format)})
	})
}

// A function in itself multiplies a text: some 30 of them would fill any memory.
func TestTextsAreBounded(t *testing.T) {
	ten := Text("aaaaaaaaaa")
	for name, args := range map[string]func(Value) []Value{
		"replace":      func(v Value) []Value { return []Value{v, Text("a"), ten} },
		"regexReplace": func(v Value) []Value { return []Value{v, Text("a"), ten} },
		"concat":       func(v Value) []Value { return []Value{v, v, v, v, v, v, v, v, v, v} },
	} {
		f, _ := Lookup(name)
		v := Text(strings.Repeat("a", 1<<17))
		for n := 0; !v.IsAbsent(); n++ {
			if s, _ := v.Text(); n > 2 || len(s) > maxText {
				t.Errorf("%s makes a text of %d bytes", name, len(s))
				break
			}
			v = f.Call(nil, args(v))
		}
	}
}
