package function

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

var stringNatives = []Native{
	textNative("trino_lower", "VARCHAR", 1, func(s []string) (any, error) { return strings.Map(unicode.ToLower, s[0]), nil }),
	textNative("trino_upper", "VARCHAR", 1, func(s []string) (any, error) {
		return strings.Map(func(r rune) rune {
			if r == 'ß' {
				return r // its one-character form came later, and Java does not map to it
			}
			return unicode.ToUpper(r)
		}, s[0]), nil
	}),
	{Name: "trino_strpos", Args: []string{"VARCHAR", "VARCHAR", "BIGINT"}, Result: "BIGINT", Do: func(a []any) (any, error) {
		return instance(a[0].(string), a[1].(string), a[2].(int64))
	}},
	{Name: "trino_split", Args: []string{"VARCHAR", "VARCHAR", "BIGINT"}, Result: "VARCHAR[]", Do: func(a []any) (any, error) {
		s, delimiter, limit := a[0].(string), a[1].(string), a[2].(int64)
		switch {
		case limit <= 0:
			return nil, failed("Limit must be positive")
		case delimiter == "":
			return nil, failed("The delimiter may not be the empty string")
		}
		return strings.SplitN(s, delimiter, int(min(limit, maxPad))), nil
	}},
	textNative("trino_split_to_map", "VARCHAR[]", 3, func(s []string) (any, error) { return splitPairs(s, true) }),
	textNative("trino_split_to_multimap", "VARCHAR[]", 3, func(s []string) (any, error) { return splitPairs(s, false) }),
	textNative("trino_between", "VARCHAR", 2, func(s []string) (any, error) {
		return strings.ReplaceAll(s[0], "", s[1]), nil
	}),
	textNative("trino_reverse", "VARCHAR", 1, func(s []string) (any, error) {
		runes := []rune(s[0])
		slices.Reverse(runes)
		return string(runes), nil
	}),
	{Name: "trino_reverse_bytes", Args: []string{"BLOB"}, Result: "BLOB", Do: func(a []any) (any, error) {
		b := a[0].([]byte)
		out := make([]byte, len(b))
		for i, c := range b {
			out[len(b)-1-i] = c
		}
		return out, nil
	}},
	{Name: "trino_substr_bytes", Args: []string{"BLOB", "BIGINT", "BIGINT"}, Result: "BLOB", Do: func(a []any) (any, error) {
		b, start, length := a[0].([]byte), a[1].(int64), a[2].(int64)
		n := int64(len(b))
		if start < 0 {
			start += n + 1
		}
		if start <= 0 || start > n || length <= 0 {
			return []byte{}, nil
		}
		b = b[start-1:]
		return b[:min(length, int64(len(b)))], nil
	}},
	{Name: "trino_chr", Args: []string{"BIGINT"}, Result: "VARCHAR", Do: func(a []any) (any, error) {
		n := a[0].(int64)
		if n < 0 || n > unicode.MaxRune || !utf8.ValidRune(rune(n)) {
			return nil, failed("Not a valid Unicode code point: %d", n)
		}
		return string(rune(n)), nil
	}},
	textNative("trino_translate", "VARCHAR", 3, func(s []string) (any, error) {
		to := []rune(s[2])
		by, i := map[rune]rune{}, 0
		for _, r := range s[1] {
			if _, ok := by[r]; !ok {
				by[r] = -1
				if i < len(to) {
					by[r] = to[i]
				}
			}
			i++
		}
		return strings.Map(func(r rune) rune {
			if t, ok := by[r]; ok {
				return t
			}
			return r
		}, s[0]), nil
	}),
	textNative("trino_levenshtein", "BIGINT", 2, func(s []string) (any, error) {
		a, b := []rune(s[0]), []rune(s[1])
		if len(a)*len(b) > 1_000_000 {
			return nil, failed("The combined inputs for Levenshtein distance are too large")
		}
		return levenshtein(a, b), nil
	}),
	textNative("trino_hamming", "BIGINT", 2, func(s []string) (any, error) {
		a, b := []rune(s[0]), []rune(s[1])
		if len(a) != len(b) {
			return nil, failed("The input strings to hamming_distance function must have the same length")
		}
		var n int64
		for i := range a {
			if a[i] != b[i] {
				n++
			}
		}
		return n, nil
	}),
	textNative("trino_soundex", "VARCHAR", 1, func(s []string) (any, error) { return soundex(s[0]) }),
	textNative("trino_luhn", "BOOLEAN", 1, func(s []string) (any, error) { return luhn(s[0]) }),
	{Name: "trino_from_utf8", Args: []string{"BLOB", "VARCHAR"}, Result: "VARCHAR", Do: func(a []any) (any, error) {
		b, with := a[0].([]byte), a[1].(string)
		if utf8.RuneCountInString(with) > 1 {
			return nil, failed("Replacement string must empty or a single character")
		}
		return fromUTF8(b, with), nil
	}},
}

// instance returns the place of the nth occurrence, from the end where n is negative.
func instance(s, of string, n int64) (any, error) {
	if n == 0 {
		return nil, failed("'instance' must not be a positive or negative number.")
	}
	if of == "" {
		return int64(1), nil
	}
	at, from := -1, 0
	for ; n > 0; n-- {
		i := strings.Index(s[from:], of)
		if i < 0 {
			return int64(0), nil
		}
		at = from + i
		_, size := utf8.DecodeRuneInString(s[at:])
		from = at + size
	}
	for end := len(s); n < 0; n++ {
		if at = strings.LastIndex(s[:end], of); at < 0 {
			return int64(0), nil
		}
		_, size := utf8.DecodeLastRuneInString(s[:at+len(of)])
		end = at + len(of) - size
	}
	return int64(utf8.RuneCountInString(s[:at]) + 1), nil
}

// splitPairs returns the keys and values of a text, by turns.
func splitPairs(s []string, unique bool) (any, error) {
	text, entries, between := s[0], s[1], s[2]
	switch {
	case entries == "":
		return nil, failed("entryDelimiter is empty")
	case between == "":
		return nil, failed("keyValueDelimiter is empty")
	case entries == between:
		return nil, failed("entryDelimiter and keyValueDelimiter must not be the same")
	}
	out := []string{}
	seen := map[string]bool{}
	for rest := text; rest != ""; {
		entry, after, more := strings.Cut(rest, entries)
		key, value, ok := strings.Cut(entry, between)
		if !ok {
			return nil, failed("Key-value delimiter must appear exactly once in each entry. Bad input: '%s'", entry)
		}
		if strings.Contains(value, between) {
			return nil, failed("Key-value delimiter must appear exactly once in each entry. Bad input: '%s'", entry)
		}
		if unique && seen[key] {
			return nil, failed("Duplicate keys (%s) are not allowed", key)
		}
		seen[key] = true
		out = append(out, key, value)
		if rest = after; !more {
			break
		}
	}
	return out, nil
}

func levenshtein(a, b []rune) int64 {
	row := make([]int64, len(b)+1)
	for j := range row {
		row[j] = int64(j)
	}
	for i := range a {
		last := row[0]
		row[0] = int64(i) + 1
		for j := range b {
			var cost int64 = 1
			if a[i] == b[j] {
				cost = 0
			}
			last, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, last+cost)
		}
	}
	return row[len(b)]
}

// soundex is the American Soundex code, as Apache Commons Codec has it, which Trino calls.
func soundex(s string) (any, error) {
	const codes = "01230120022455012623010202" // a to z; 0 of vowels, h, w and y
	out := make([]byte, 0, 4)
	var last byte
	for _, r := range s {
		switch {
		case r > unicode.MaxASCII && unicode.IsLetter(r):
			return nil, failed("The character is not mapped: %c", unicode.ToUpper(r))
		case !unicode.IsLetter(r):
			continue
		}
		letter := byte(unicode.ToLower(r))
		code := codes[letter-'a']
		switch {
		case len(out) == 0:
			out = append(out, byte(unicode.ToUpper(r)))
		case letter == 'h' || letter == 'w':
			continue // letters on both sides of them are as if beside each other
		case code != '0' && code != last && len(out) < 4:
			out = append(out, code)
		}
		last = code
	}
	if len(out) == 0 {
		return "", nil
	}
	for len(out) < 4 {
		out = append(out, '0')
	}
	return string(out), nil
}

func luhn(s string) (any, error) {
	sum := 0
	for i := range len(s) {
		c := s[len(s)-1-i]
		if c < '0' || c > '9' {
			return nil, failed("Input contains non-digit character")
		}
		d := int(c - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return s != "" && sum%10 == 0, nil
}

// fromUTF8 decodes bytes; each maximal part of a character that is none is replaced.
func fromUTF8(b []byte, with string) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var out strings.Builder
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			out.WriteString(with)
			n := 1
			for n < len(b) && n < need(b[0]) && b[n]&0xC0 == 0x80 {
				n++
			}
			b = b[n:]
			continue
		}
		out.WriteRune(r)
		b = b[size:]
	}
	return out.String()
}

// need is how many bytes a character that begins with a byte has.
func need(b byte) int {
	switch {
	case b >= 0xC0 && b < 0xE0:
		return 2
	case b >= 0xE0 && b < 0xF0:
		return 3
	case b >= 0xF0 && b < 0xF8:
		return 4
	}
	return 1
}
