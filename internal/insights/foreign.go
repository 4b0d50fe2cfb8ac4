package insights

import "strings"

// foreignFunctions are functions of SQL, of PPL and of other languages of logs, by their names in lower case, with what
// is written here.
var foreignFunctions = map[string]string{
	"upper": "write toupper(a)", "ucase": "write toupper(a)",
	"lower": "write tolower(a)", "lcase": "write tolower(a)",
	"length": "write strlen(a)", "len": "write strlen(a)", "char_length": "write strlen(a)",
	"substring": "write substr(a, from, length); from 0 on",
	"contains":  `write a like "x", or strcontains(a, "x"), which is 1 or 0`, "includes": `write a like "x", or strcontains(a, "x"), which is 1 or 0`,
	"match": "write a like /.../", "matches": "write a like /.../", "regexp_like": "write a like /.../", "rlike": "write a like /.../",
	"isnull": "write not ispresent(a)", "isnotnull": "write ispresent(a)", "exists": "write ispresent(a)", "isdefined": "write ispresent(a)",
	"isnotempty": "write not isempty(a)", "ifnull": "write coalesce(a, b)", "nvl": "write coalesce(a, b)",
	"tostring": "a number is a text too: write it without the function", "string": "a number is a text too: write it without the function",
	"cast": "write toNumber(a), toInt(a) or toDouble(a); a number is a text too",
	"ago":  "an hour before the query: toMillis(@timestamp) > now() * 1000 - 3600000; the time range of the query is better",
	"span": "write bin(5m)", "date_trunc": "write datefloor(@timestamp, 1h)", "timechart": "write stats ... by bin(5m)",
	"date_format": `write formatDate(@timestamp, "%Y-%m-%d")`, "datepart": `write formatDate(@timestamp, "%H")`, "hour": `write formatDate(@timestamp, "%H")`,
	"dc": "write countDistinct(a)", "distinct_count": "write countDistinct(a)", "uniq": "write countDistinct(a)", "approx_distinct": "write countDistinct(a)",
	"mean": "write avg(a)", "average": "write avg(a)", "first": "write earliest(a)", "last": "write latest(a)", "list": "write values(a)",
	"isipv4": "write isValidIpV4(a)", "isipv6": "write isValidIpV6(a)", "isip": "write isValidIp(a)",
	"cidrmatch": `write isIpInSubnet(a, "10.0.0.0/8")`, "iff": "write if(condition, a, b)",
}

// foreignFunction returns what stands here for a function of another language; "" where it is not known.
func foreignFunction(name string) string {
	name = strings.ToLower(name)
	if hint := foreignFunctions[name]; hint != "" {
		return hint
	}
	if n := name[1:]; name[0] == 'p' && n != "" && digits(n, 0) == len(n) {
		return "write pct(a, " + n + ")"
	}
	return ""
}

// foreignWords are words of other languages that people write where none of this one's can stand.
var foreignWords = map[string]string{
	"is":       "ispresent(a) and not ispresent(a) ask whether a field is there",
	"between":  "write a >= 1 and a <= 2",
	"group":    "write: stats count(*) by a",
	"order":    "a command stands behind |: | sort a desc",
	"contains": `write a like "x"`, "matches": "write a like /.../", "ilike": "write a like /(?i).../",
	"offset": "a result begins with its first row; sort and limit choose what is in it",
}

// foreignSlip returns a hint where the next token is of another language; "" where it is not.
func (p *parser) foreignSlip() string {
	text := p.lexer.text[p.tok.Start:]
	last := &token{}
	if n := len(p.tokens); n > 0 {
		last = &p.tokens[n-1]
	}
	switch {
	case strings.HasPrefix(text, "--") || strings.HasPrefix(text, "//"), p.tok.isSign("/") && last.isSign("/") && last.End == p.tok.Start:
		return "a comment begins with #"
	case last.is("distinct"):
		return "write countDistinct(a)"
	case p.tok.isSign("<") && strings.IndexByte(text, '>') > 1 && !strings.ContainsAny(text[1:strings.IndexByte(text, '>')], " \t\r\n|"):
		return "what stands in < and > is to be filled in"
	case p.tok.is("like"):
		return "like stands behind the field: a like /.../"
	case p.tok.kind != nameToken || len(p.tok.parts) != 1 || p.tok.parts[0].Quoted:
		return ""
	case len(p.tokens) > 0 && !last.isSign("|") && commandForm(p.tok.text) != nil:
		return "| stands in front of a command"
	case p.lexer.following() == '(':
		return ""
	}
	return foreignWords[strings.ToLower(p.tok.text)]
}
