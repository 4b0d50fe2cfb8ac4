package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"
	timeFormat = "20060102T150405Z"
	dateFormat = "20060102"

	unsignedPayload = "UNSIGNED-PAYLOAD"
)

// canonicalRequest returns the text that a signature covers: method, path, query, the signed headers in
// their order, their names, and the hash of the body in hex. The query's parameter without is left out.
func canonicalRequest(r *http.Request, service string, signed []string, without, bodyHash string) (string, *Error) {
	path, query := target(r)
	q, err := canonicalQuery(query, without)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(r.Method)
	b.WriteByte('\n')
	b.WriteString(canonicalPath(path, service))
	b.WriteByte('\n')
	b.WriteString(q)
	b.WriteByte('\n')
	for _, name := range signed {
		b.WriteString(name)
		b.WriteByte(':')
		b.WriteString(headerValue(r, name))
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	b.WriteString(strings.Join(signed, ";"))
	b.WriteByte('\n')
	b.WriteString(bodyHash)
	return b.String(), nil
}

// target returns path and query of a request as they were sent, still encoded. Go keeps them in
// RequestURI; requests that a client made have none.
func target(r *http.Request) (path, query string) {
	if strings.HasPrefix(r.RequestURI, "/") {
		path, query, _ = strings.Cut(r.RequestURI, "?")
		return path, query
	}
	return r.URL.EscapedPath(), r.URL.RawQuery
}

// canonicalPath encodes the path once more and takes out dot segments and doubled slashes, but for S3,
// where the path is a key and stands as it was sent.
func canonicalPath(path, service string) string {
	if path == "" {
		return "/"
	}
	if service == "s3" {
		return path
	}
	var kept []string
	for s := range strings.SplitSeq(path, "/") {
		switch s {
		case "", ".":
		case "..":
			kept = kept[:max(0, len(kept)-1)]
		default:
			kept = append(kept, encode(s))
		}
	}
	out := "/" + strings.Join(kept, "/")
	if strings.HasSuffix(path, "/") && len(kept) > 0 {
		out += "/"
	}
	return out
}

// canonicalQuery decodes the parameters, encodes them as RFC 3986 has it and sorts them by name, then by
// value. A plus sign is a space, as it is for whoever reads the form.
func canonicalQuery(query, without string) (string, *Error) {
	if query == "" {
		return "", nil
	}
	type pair struct{ name, value string }
	var pairs []pair
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		k, v, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(k)
		if err != nil {
			return "", incomplete("The query has a parameter that is not encoded as RFC 3986 has it: %.100q", k)
		}
		value, err := url.QueryUnescape(v)
		if err != nil {
			return "", incomplete("The query's parameter %.100q has a value that is not encoded as RFC 3986 has it", name)
		}
		if name == without && without != "" {
			continue
		}
		pairs = append(pairs, pair{encode(name), encode(value)})
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.value, b.value)
	})
	var b strings.Builder
	for i, p := range pairs {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p.name + "=" + p.value)
	}
	return b.String(), nil
}

// headerValue returns all values of a header, joined by commas, with no more than one space between
// words. Go keeps some headers elsewhere than in Header.
func headerValue(r *http.Request, name string) string {
	values := r.Header.Values(name)
	if len(values) == 0 {
		switch name {
		case "host":
			values = []string{r.Host}
		case "content-length":
			if r.ContentLength >= 0 {
				values = []string{strconv.FormatInt(r.ContentLength, 10)}
			}
		case "transfer-encoding":
			values = r.TransferEncoding
		}
	}
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = trimSpaces(v)
	}
	return strings.Join(out, ",")
}

// trimSpaces takes spaces off both ends and leaves one of several in a row.
func trimSpaces(s string) string {
	s = strings.Trim(s, " \t")
	if !strings.Contains(s, "  ") {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		if s[i] != ' ' || s[i-1] != ' ' { // the first byte is no space
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// encode encodes all but letters, digits, "-", ".", "_" and "~", as AWS's UriEncode does.
func encode(s string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~' {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		}
	}
	return b.String()
}

// stringToSign returns what the key signs.
func stringToSign(stamp, scope, canonical string) string {
	return algorithm + "\n" + stamp + "\n" + scope + "\n" + hexHash([]byte(canonical))
}

// signature returns the signature of a text in hex.
func signature(secret string, s scope, text string) string {
	k := mac([]byte("AWS4"+secret), s.date)
	k = mac(k, s.region)
	k = mac(k, s.service)
	k = mac(k, terminator)
	return hex.EncodeToString(mac(k, text))
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func hexHash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
