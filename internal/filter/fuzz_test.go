package filter

import (
	"errors"
	"strings"
	"testing"
)

// FuzzParse gives any text to the parser. What it takes is a condition whose text
// gives it back; what it refuses has a place in the text; and what is offered at
// any place can stand there.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"srcaddr in 10.0.0.0/8 and dstport = 22 and action = reject",
		"not (addr != ::1 or port in (ssh, 1024..65535)) and bytes > 1.5 MiB",
		"start >= 2026-03-02 10:00:05 and end<2026-03-02T10:00+01:00 or weir-hour=1772445600",
		`instance-tag ~ /a\/b/ or shade !~ 'x/y' or vpc_id not starts with "a""b"`,
		"protocol in (tcp,UDP , 58) and log-status is not null",
		strings.Repeat("(", maxDepth), strings.Repeat("not ", maxDepth-1),
		"start=100000000000",
		"2001:DB8::/32", "((", "dstport in (", "'", "a\xff", "~ /",
	} {
		f.Add(seed, len(seed))
	}
	o := testOptions(f)
	f.Fuzz(func(t *testing.T, text string, offset int) {
		if len(text) > 2000 {
			return // regular expressions of any size take any time
		}
		checkComplete(t, text, max(0, min(offset, len(text))), o)
		e, err := Parse(text, o)
		if err == nil {
			checkRoundTrip(t, e, o)
			return
		}
		var fault *Error
		if !errors.As(err, &fault) {
			t.Fatalf("%T is no *Error", err)
		}
		if fault.Offset < 0 || fault.Length < 0 || fault.Offset+fault.Length > len(text) || fault.Message == "" {
			t.Fatalf("%+v has no place in %q", fault, text)
		}
		if fault.Excerpt(text) == "" {
			t.Fatalf("%+v has no excerpt", fault)
		}
	})
}
