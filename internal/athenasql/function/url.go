package function

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

var urlFuncs = []Func{
	urlPart("host"), urlPart("path"), urlPart("query"), urlPart("protocol"), urlPart("fragment"),
	{Name: "url_extract_port", Page: "url", Forms: []Form{{Signature: "(varchar) -> bigint", SQL: "trino_url_port($1)"}}},
	{Name: "url_extract_parameter", Page: "url", Forms: []Form{{Signature: "(varchar, varchar) -> varchar", SQL: "trino_url_parameter($1, $2)"}}},
	{Name: "url_encode", Page: "url", Forms: []Form{{Signature: "(varchar) -> varchar", SQL: "trino_url_encode($1)"}}},
	{Name: "url_decode", Page: "url", Forms: []Form{{Signature: "(varchar) -> varchar", SQL: "trino_url_decode($1)"}}},
}

func urlPart(part string) Func {
	return Func{Name: "url_extract_" + part, Page: "url", Forms: []Form{{Signature: "(varchar) -> varchar", SQL: "trino_url_part($1, " + quote(part) + ")"}}}
}

var urlNatives = []Native{
	textNative("trino_url_part", "VARCHAR", 2, func(s []string) (any, error) {
		u, ok := parseURL(s[0])
		if !ok {
			return nil, nil
		}
		switch s[1] {
		case "host":
			return javaHost(u), nil
		case "path":
			if u.Opaque != "" {
				return nil, nil
			}
			return u.Path, nil
		case "query":
			return decoded(u.RawQuery), nil
		case "protocol":
			scheme, _, _ := strings.Cut(s[0], ":")
			if u.Scheme == "" {
				scheme = ""
			}
			return scheme, nil
		}
		return u.Fragment, nil
	}),
	textNative("trino_url_port", "BIGINT", 1, func(s []string) (any, error) {
		u, ok := parseURL(s[0])
		if !ok || javaHost(u) == "" {
			return nil, nil
		}
		n, err := strconv.ParseInt(u.Port(), 10, 32)
		if err != nil {
			return nil, nil
		}
		return n, nil
	}),
	textNative("trino_url_parameter", "VARCHAR", 2, func(s []string) (any, error) {
		u, ok := parseURL(s[0])
		if !ok || u.RawQuery == "" {
			return nil, nil
		}
		for pair := range strings.SplitSeq(decoded(u.RawQuery), "&") {
			if name, value, _ := strings.Cut(pair, "="); name == s[1] {
				return value, nil
			}
		}
		return nil, nil
	}),
	textNative("trino_url_encode", "VARCHAR", 1, func(s []string) (any, error) {
		// Go and Guava's urlFormParameterEscaper differ in two characters.
		return strings.NewReplacer("%2A", "*", "~", "%7E").Replace(url.QueryEscape(s[0])), nil
	}),
	textNative("trino_url_decode", "VARCHAR", 1, func(s []string) (any, error) {
		out, err := url.QueryUnescape(s[0])
		if err != nil {
			return nil, failed("%s", err.Error())
		}
		return fromUTF8([]byte(out), "\ufffd"), nil
	}),
}

// parseURL reads a URI as java.net.URI does, false where that throws.
func parseURL(s string) (*url.URL, bool) {
	if strings.ContainsAny(s, " \"<>\\^`{|}") || strings.IndexFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f }) >= 0 {
		return nil, false
	}
	if strings.Count(s, "#") > 1 {
		return nil, false
	}
	u, err := url.Parse(s)
	if err != nil || strings.Contains(badEscape(u.RawQuery)+badEscape(u.RawFragment), "%") {
		return nil, false
	}
	return u, true
}

// badEscape returns "%" where a percent sign begins no escape.
func badEscape(s string) string {
	if _, err := url.PathUnescape(s); err != nil {
		return "%"
	}
	return ""
}

func decoded(s string) string {
	out, err := url.PathUnescape(s)
	if err != nil {
		return s
	}
	return fromUTF8([]byte(out), "\ufffd")
}

// javaHost returns the host, "" where URI.getHost has none: a name may have letters, digits and hyphens, and its last label
// begins with a letter.
func javaHost(u *url.URL) string {
	name := u.Hostname()
	if strings.HasPrefix(u.Host, "[") {
		return "[" + name + "]"
	}
	if a, err := netip.ParseAddr(name); err == nil && a.Is4() {
		return name
	}
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	for _, l := range labels {
		if l == "" || l[0] == '-' || l[len(l)-1] == '-' || strings.Trim(strings.ToLower(l), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return ""
		}
	}
	if last := labels[len(labels)-1]; last[0] >= '0' && last[0] <= '9' {
		return ""
	}
	return name
}
