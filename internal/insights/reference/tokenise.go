package reference

import (
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A token is a part of a text. Tokens with a kind vary within a pattern; those without are part of it.
type token struct{ text, kind string }

// tokenise takes a text apart: dates and times, UUIDs, IP addresses, numbers with a fraction, words (parts with hyphens
// between), and any other character.
func tokenise(s string) []token {
	var out []token
	for i := 0; i < len(s); {
		n, kind := special(s, i)
		if n == 0 {
			n = word(s[i:])
			kind = kindOf(s[i : i+n])
		}
		out = append(out, token{s[i : i+n], kind})
		i += n
	}
	return out
}

// special returns how long the date, time, UUID, address or number with a fraction is that begins at a place, and its kind;
// 0 where there is none.
func special(s string, i int) (int, string) {
	if i > 0 && (isWordByte(s[i-1]) || s[i-1] == '.') || !isHex(s[i]) && !strings.HasPrefix(s[i:], "::") {
		return 0, ""
	}
	rest := s[i:]
	if n := dateOrTime(rest); n > 0 {
		return n, "Time"
	}
	const uuid = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
	if fitsShape(rest, uuid) && ends(rest, len(uuid)) {
		return len(uuid), "UUID"
	}
	if n := ipv6(rest); n > 0 {
		return n, "IP"
	}
	n := len(strings.TrimRight(rest[:charsOf(rest, "0123456789.")], "."))
	if !ends(rest, n) {
		return 0, ""
	}
	if _, err := netip.ParseAddr(rest[:n]); err == nil {
		return n, "IP"
	}
	if strings.Count(rest[:n], ".") == 1 {
		return n, "Number"
	}
	return 0, ""
}

// ipv6 returns how long the IPv6 address at the beginning of a text is, which has a digit in it; 0 where there is none. A full stop
// or a colon behind it does not belong to it.
func ipv6(s string) int {
	n := charsOf(s, "0123456789abcdefABCDEF:.")
	if strings.Count(s[:n], ":") < 2 || !strings.ContainsAny(s[:n], "0123456789") {
		return 0
	}
	for end := n; end > max(0, n-2); end-- {
		if _, err := netip.ParseAddr(s[:end]); err == nil && ends(s, end) {
			return end
		}
		if c := s[end-1]; c != '.' && c != ':' {
			return 0
		}
	}
	return 0
}

// charsOf returns how many characters at the beginning of a text are of a set: at most one more than the longest address has.
func charsOf(s, set string) int {
	const longest = len("xxxx:xxxx:xxxx:xxxx:xxxx:xxxx:255.255.255.255") + 2
	s = s[:min(len(s), longest)]
	return len(s) - len(strings.TrimLeft(s, set))
}

// dateOrTime returns how long the date with or without a time, or the time, is at the beginning of a text.
func dateOrTime(s string) int {
	n := 0
	if fitsShape(s, "dddd-dd-dd") {
		n = len("dddd-dd-dd")
		if len(s) <= n || s[n] != 'T' && s[n] != ' ' || !fitsShape(s[n+1:], "dd:dd") {
			return n
		}
		n += len("Tdd:dd")
	} else if fitsShape(s, "dd:dd:dd") {
		n = len("dd:dd")
	} else {
		return 0
	}
	if fitsShape(s[n:], ":dd") {
		n += len(":dd")
		if fitsShape(s[n:], ".d") || fitsShape(s[n:], ",d") {
			n += 1 + len(s[n+1:]) - len(strings.TrimLeft(s[n+1:], "0123456789"))
		}
	}
	switch {
	case strings.HasPrefix(s[n:], "Z"):
		return n + 1
	case fitsShape(s[n:], "+dd:dd"), fitsShape(s[n:], "-dd:dd"):
		return n + len("+dd:dd")
	case fitsShape(s[n:], "+dddd"), fitsShape(s[n:], "-dddd"):
		return n + len("+dddd")
	}
	return n
}

// fitsShape says whether a text begins as a shape says: d is a digit, x a hexadecimal one, any other character itself.
func fitsShape(s, shape string) bool {
	if len(s) < len(shape) {
		return false
	}
	for i := range len(shape) {
		c := s[i]
		switch shape[i] {
		case 'd':
			if c < '0' || c > '9' {
				return false
			}
		case 'x':
			if !isHex(c) {
				return false
			}
		default:
			if c != shape[i] {
				return false
			}
		}
	}
	return true
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

func isWordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= utf8.RuneSelf
}

// ends says whether no word goes on behind n bytes of a text.
func ends(s string, n int) bool { return n > 0 && (n == len(s) || !isWordByte(s[n])) }

// word returns how long the word at the beginning of a text is: letters, digits and _, parts with a hyphen between; of any
// other character its length.
func word(s string) int {
	r, n := utf8.DecodeRuneInString(s)
	if !isWordRune(r) {
		return n
	}
	for n < len(s) {
		r, size := utf8.DecodeRuneInString(s[n:])
		if r == '-' {
			next, _ := utf8.DecodeRuneInString(s[n+1:])
			if !isWordRune(next) {
				return n
			}
		} else if !isWordRune(r) {
			return n
		}
		n += size
	}
	return n
}

func isWordRune(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r)
}

// kindOf tells of a word what varies in it: numbers, hexadecimal digits, and what has a digit and is of no type that can be
// told.
func kindOf(s string) string {
	digits := strings.TrimLeft(s, "0123456789")
	switch {
	case !strings.ContainsAny(s, "0123456789"):
		return ""
	case digits == "":
		return "Number"
	case len(s) > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && allHex(s[2:]), len(s) >= 8 && allHex(s):
		return "Hex"
	}
	return "Token"
}

func allHex(s string) bool {
	for i := range len(s) {
		if !isHex(s[i]) {
			return false
		}
	}
	return true
}

// shapeOf is the same for texts of one pattern: as many tokens, of which those that do not vary are equal.
func shapeOf(tokens []token) string {
	var b strings.Builder
	for _, t := range tokens {
		if t.kind != "" {
			b.WriteString("\x00\x00")
			continue
		}
		b.WriteString(t.text)
		b.WriteByte(0)
	}
	return b.String()
}

// patternOf writes a pattern: what varies as <type-number>, counted from 1.
//
// Source: AWS, "pattern".
func patternOf(tokens []token) string {
	var b strings.Builder
	n := 0
	for _, t := range tokens {
		if t.kind == "" {
			b.WriteString(t.text)
			continue
		}
		n++
		b.WriteString("<" + t.kind + "-" + strconv.Itoa(n) + ">")
	}
	return b.String()
}
