package value

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"math"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

var encodingFuncs = []*Func{
	{
		Name: "urlencode", Signature: "urlencode(text)", Min: 1, Max: 1, Result: TextKind, Source: sourceString + "; RFC 3986",
		Doc:  "The text with %XX for each byte but letters, digits, - . _ and ~.",
		Call: ofText(func(s string) Value { return Text(strings.ReplaceAll(url.QueryEscape(s), "+", "%20")) }),
	},
	{
		Name: "urldecode", Signature: "urldecode(text)", Min: 1, Max: 1, Result: TextKind, Source: sourceString + "; RFC 3986",
		Doc: "The text with %XX decoded and + as a space; absent where that is no encoding of UTF-8.",
		Call: ofText(func(s string) Value {
			out, err := url.QueryUnescape(s)
			return textOr(out, err)
		}),
	},
	{
		Name: "base64encode", Signature: "base64encode(text)", Min: 1, Max: 1, Result: TextKind, Source: sourceString + "; RFC 4648",
		Doc:  "The text's bytes in base64 with padding.",
		Call: ofText(func(s string) Value { return Text(base64.StdEncoding.EncodeToString([]byte(s))) }),
	},
	{
		Name: "base64decode", Signature: "base64decode(text)", Min: 1, Max: 1, Result: TextKind, Source: sourceString + "; RFC 4648",
		Doc: "The text that is encoded in base64, with or without padding; absent where there is none.",
		Call: ofText(func(s string) Value {
			out, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
			return textOr(string(out), err)
		}),
	},
	{
		Name: "hexToAscii", Signature: "hexToAscii(text)", Min: 1, Max: 1, Result: TextKind, Source: sourceString,
		Doc: "The text whose bytes are written as pairs of hexadecimal digits.",
		Call: ofText(func(s string) Value {
			out, err := hex.DecodeString(withoutPrefix(s))
			return textOr(string(out), err)
		}),
	},
	{
		Name: "hexToDec", Signature: "hexToDec(text)", Min: 1, Max: 1, Result: NumberKind, Source: sourceString,
		Doc: "The number that is written in hexadecimal digits, 0x in front or not.",
		Call: ofText(func(s string) Value {
			n, err := strconv.ParseUint(withoutPrefix(s), 16, 64)
			if err != nil {
				return Absent
			}
			return Number(float64(n))
		}),
	},
	{
		Name: "decToHex", Signature: "decToHex(number)", Min: 1, Max: 1, Result: TextKind, Source: sourceString,
		Doc: "A number, cut towards 0, in hexadecimal digits in lower case: 0xff, -0x1; absent beyond 64 bits.",
		Call: ofNumbers(func(n []float64) Value {
			whole := math.Trunc(n[0])
			switch {
			case math.Abs(whole) >= 1<<63:
				return Absent
			case whole < 0:
				return Text("-0x" + strconv.FormatInt(int64(-whole), 16))
			}
			return Text("0x" + strconv.FormatInt(int64(whole), 16))
		}),
	},
	{
		Name: "md5", Signature: "md5(text)", Min: 1, Max: 1, Result: TextKind, Source: `AWS, "Hash functions"`,
		Doc:  "The MD5 of the text's bytes in hexadecimal digits.",
		Call: ofText(func(s string) Value { h := md5.Sum([]byte(s)); return Text(hex.EncodeToString(h[:])) }),
	},
	{
		Name: "sha256", Signature: "sha256(text)", Min: 1, Max: 1, Result: TextKind, Source: `AWS, "Hash functions"`,
		Doc:  "The SHA-256 of the text's bytes in hexadecimal digits.",
		Call: ofText(func(s string) Value { h := sha256.Sum256([]byte(s)); return Text(hex.EncodeToString(h[:])) }),
	},
}

// textOr returns what was decoded where it is UTF-8.
func textOr(s string, err error) Value {
	if err != nil || !utf8.ValidString(s) {
		return Absent
	}
	return Text(s)
}

func withoutPrefix(s string) string {
	if len(s) > 1 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') {
		return s[2:]
	}
	return s
}
