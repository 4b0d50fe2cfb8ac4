package function

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"weir/internal/athenasql"
)

// FuzzRegex says that what is made of a pattern of Java is one that RE2 compiles or refuses, and that a refusal has its place.
func FuzzRegex(f *testing.F) {
	for _, s := range []string{`\d+`, `(?<x>a)|[^\]]`, `a{1,2}+`, `\p{Alpha}\Qa.b\E`, `(?i:é)\u00e9`, `[\w-]`, `\`, `[a`, `(?`, `\Q`, `\p{`} {
		f.Add(s, "a1 b2")
	}
	f.Fuzz(func(t *testing.T, pattern, s string) {
		text, err := javaRegex(pattern)
		if err != nil {
			if !strings.Contains(err.Error(), "character ") {
				t.Errorf("%q is refused without its place: %v", pattern, err)
			}
			return
		}
		re, err := regexp.Compile(text)
		if err != nil {
			return
		}
		if m := re.FindString(s); !strings.Contains(s, m) {
			t.Errorf("%q of %q gives %q", pattern, s, m)
		}
	})
}

// FuzzJavaLiteral says that a pattern without special characters finds itself alone.
func FuzzJavaLiteral(f *testing.F) {
	f.Add("a-b", "xa-by")
	f.Fuzz(func(t *testing.T, literal, s string) {
		if strings.ContainsAny(literal, `\[](){}.*+?^$|`) || !utf8.ValidString(literal) || !utf8.ValidString(s) {
			return
		}
		re, err := compileRegex(literal)
		if err != nil {
			t.Fatalf("%q: %v", literal, err)
		}
		if got, want := re.MatchString(s), strings.Contains(s, literal); got != want {
			t.Errorf("%q in %q: %v, want %v", literal, s, got, want)
		}
	})
}

// FuzzDatePattern says that a time which a format writes is read again by it, where the format tells the whole date.
func FuzzDatePattern(f *testing.F) {
	f.Add("%Y-%m-%d %H:%i:%s", int64(1700000000), false)
	f.Add("yyyy-MM-dd'T'HH:mm:ss ZZ", int64(-5), true)
	f.Add("%W, %e. %M %Y %l:%i:%S %p", int64(951782400), false)
	f.Fuzz(func(t *testing.T, format string, seconds int64, joda bool) {
		read := mysqlPatterns.Get
		if joda {
			read = jodaPatterns.Get
		}
		p, err := read(format)
		if err != nil || !utf8.ValidString(format) {
			return
		}
		at := time.Unix(seconds%(1<<35), 0).UTC()
		text := p.format(at, "UTC")
		got, _, err := p.parse(text)
		if !strings.HasPrefix(format, "%Y-%m-%d %H:%i:%s") || strings.Count(format, "%") != 6 || at.Year() < 1 || at.Year() > 9999 {
			return
		}
		if err != nil || !got.Equal(at) {
			t.Errorf("%q writes %q, and reads %v, %v", format, text, got, err)
		}
	})
}

// FuzzTeradata says that each format of Teradata's that is taken is one of date_parse.
func FuzzTeradata(f *testing.F) {
	f.Add("yyyy/mm/dd hh24:mi:ss")
	f.Add("yymmdd%hh")
	f.Fuzz(func(t *testing.T, format string) {
		if p, err := fromTeradata(format, athenasql.Span{}); err == nil {
			if _, err := parseMySQL(p); err != nil {
				t.Errorf("%q became %q: %v", format, p, err)
			}
		}
	})
}

// FuzzJSON says that what json_parse writes is read as the same again, and that paths don't break.
func FuzzJSON(f *testing.F) {
	f.Add(`{"b":[1,2.50,null,"x\u0001"],"a":{"c":true}}`, `$.b[1]`)
	f.Add(`[1e400, -0.0, 123456789012345678901234567890]`, `$["a\"b"]`)
	f.Fuzz(func(t *testing.T, text, path string) {
		if v, err := readJSON(text); err == nil {
			once := writeJSON(v, true)
			again, err := readJSON(once)
			if err != nil {
				t.Fatalf("%q is written as %q, which is none: %v", text, once, err)
			}
			if twice := writeJSON(again, true); twice != once {
				t.Errorf("%q is written as %q, then as %q", text, once, twice)
			}
		}
		if _, ok, err := jsonAt(text, path); ok && err != nil {
			t.Errorf("%q has a value and an error: %v", path, err)
		}
	})
}

// FuzzNatives says that no native of texts breaks.
func FuzzNatives(f *testing.F) {
	f.Add("a=1,b=2", ",", "=", int64(2))
	f.Add("http://u:p@[::1]:80/%41?x=%zz#é", "k", "", int64(-1))
	f.Fuzz(func(t *testing.T, a, b, c string, n int64) {
		texts := []string{a, b, c}
		for _, native := range Natives() {
			args, next := make([]any, len(native.Args)), 0
			for i, kind := range native.Args {
				switch kind {
				case "VARCHAR":
					args[i] = texts[next%3]
					next++
				case "BIGINT":
					args[i] = n
				case "DOUBLE":
					args[i] = float64(n) / 3
				case "BLOB":
					args[i] = []byte(a)
				default:
					args[i] = time.UnixMicro(n % (1 << 55)).UTC()
				}
			}
			switch native.Name {
			case "trino_hash", "trino_hmac", "trino_to_big_endian", "trino_from_big_endian", "trino_from_ieee754", "trino_to_ieee754", "trino_shift", "trino_format_double", "trino_float_text", "trino_ip_text", "trino_decimal_mean":
				continue // their last arguments are weir's own
			}
			if v, err := native.Do(args); v != nil && err != nil {
				if _, isTime := v.(time.Time); !isTime {
					t.Errorf("%s gives a value and an error", native.Name)
				}
			}
		}
	})
}
