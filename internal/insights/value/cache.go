package value

import (
	"regexp"
	"time"

	"weir/internal/memo"
)

var (
	regexps = memo.Cache[*regexp.Regexp]{Make: func(s string) (*regexp.Regexp, error) { return regexp.Compile(RegexText(s)) }}
	zones   = memo.Cache[*time.Location]{Make: loadZone}
	formats = memo.Cache[*timeFormat]{Make: parseTimeFormat}
	dates   = memo.Cache[*datePattern]{Make: parseDatePattern}
)

// CompileRegex compiles a regular expression of a query. Those that were compiled lately are kept.
//
// Source: AWS, "filter" and "String functions": the syntax of RE2.
func CompileRegex(text string) (*regexp.Regexp, error) { return regexps.Get(text) }
