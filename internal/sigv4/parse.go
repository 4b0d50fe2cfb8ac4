package sigv4

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Limits on what a client may send, so that hostile requests cost little. AWS documents none of them; real
// requests stay far below.
const (
	maxAuthorization = 8 << 10
	maxCredential    = 512
	maxSignedHeaders = 100
	maxToken         = 8 << 10
)

// A scope is the part of a credential behind the key's id.
type scope struct{ date, region, service string }

func (s scope) String() string {
	return s.date + "/" + s.region + "/" + s.service + "/" + terminator
}

// claims are what a request says of its signature.
type claims struct {
	keyID     string
	scope     scope
	stamp     string // as sent, in the form of X-Amz-Date
	time      time.Time
	signed    []string
	signature string
	token     string
	presigned bool
	expires   time.Duration // of a presigned URL
}

// readClaims reads the form that the request has.
func readClaims(r *http.Request) (*claims, *Error) {
	auth := r.Header.Values("Authorization")
	_, rawQuery := target(r)
	query := authQuery(rawQuery)
	switch {
	case len(auth) == 0 && query == nil:
		return nil, refuse(CodeMissing, "Missing Authentication Token")
	case len(auth) > 1 || len(auth) == 1 && query != nil:
		return nil, incomplete("The request has more than one signature: it may have one Authorization header, or X-Amz-Signature in its query")
	case query != nil:
		return readQuery(query)
	}
	return readHeader(r, auth[0])
}

// authQuery returns the parameters of a query that speak of signatures, nil where there are none. Each is
// taken once: where one is repeated its value is "", which no check accepts.
func authQuery(raw string) map[string]string {
	if !strings.Contains(raw, "X-Amz-") && !strings.Contains(raw, "%") {
		return nil
	}
	out := map[string]string{}
	for part := range strings.SplitSeq(raw, "&") {
		k, v, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(k)
		if err != nil || !strings.HasPrefix(name, "X-Amz-") {
			continue
		}
		value, err := url.QueryUnescape(v)
		if _, twice := out[name]; twice || err != nil {
			value = ""
		}
		out[name] = value
	}
	if _, ok := out["X-Amz-Signature"]; ok {
		return out
	}
	if _, ok := out["X-Amz-Algorithm"]; ok {
		return out
	}
	return nil
}

// readHeader reads the Authorization header and the headers that go with it.
func readHeader(r *http.Request, auth string) (*claims, *Error) {
	if len(auth) > maxAuthorization {
		return nil, incomplete("The Authorization header has %d bytes; %d are taken", len(auth), maxAuthorization)
	}
	name, rest, _ := strings.Cut(strings.TrimSpace(auth), " ")
	if name != algorithm {
		return nil, incomplete("Unsupported AWS 'algorithm': '%.64s'. The algorithm that is taken is %s.", name, algorithm)
	}
	fields, err := authFields(rest)
	if err != nil {
		return nil, err
	}
	stamp, err := requestDate(r)
	if err != nil {
		return nil, err
	}
	c := &claims{stamp: stamp, signature: fields["Signature"], token: r.Header.Get("X-Amz-Security-Token")}
	return c, c.fill(fields["Credential"], fields["SignedHeaders"])
}

// authFields returns the parts of an Authorization header behind the algorithm.
func authFields(text string) (map[string]string, *Error) {
	fields := map[string]string{}
	for part := range strings.SplitSeq(text, ",") {
		k, v, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok {
			return nil, incomplete("'%.100s' not a valid key=value pair (missing equal-sign) in Authorization header.", strings.TrimSpace(part))
		}
		if _, twice := fields[k]; twice {
			return nil, incomplete("The Authorization header has '%.100s' more than once.", k)
		}
		fields[k] = v
	}
	var missing []string
	for _, k := range []string{"Credential", "Signature", "SignedHeaders"} {
		if fields[k] == "" {
			missing = append(missing, "Authorization header requires '"+k+"' parameter.")
		}
	}
	if missing != nil {
		return nil, incomplete("%s", strings.Join(missing, " "))
	}
	return fields, nil
}

// requestDate returns the time of the request in the form of X-Amz-Date, which is that header's, else the
// one of Date.
func requestDate(r *http.Request) (string, *Error) {
	stamp := r.Header.Get("X-Amz-Date")
	if stamp != "" {
		return stamp, nil
	}
	date := r.Header.Get("Date")
	if date == "" {
		return "", incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	}
	if t, err := http.ParseTime(date); err == nil {
		return t.UTC().Format(timeFormat), nil
	}
	return date, nil
}

// readQuery reads the parameters of a presigned URL.
func readQuery(q map[string]string) (*claims, *Error) {
	var missing []string
	for _, k := range []string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature"} {
		if q[k] == "" {
			missing = append(missing, "AWS query-string parameters must include '"+k+"', once.")
		}
	}
	if missing != nil {
		return nil, incomplete("%s", strings.Join(missing, " "))
	}
	if q["X-Amz-Algorithm"] != algorithm {
		return nil, incomplete("Unsupported AWS 'algorithm': '%.64s'. The algorithm that is taken is %s.", q["X-Amz-Algorithm"], algorithm)
	}
	seconds, err := strconv.Atoi(q["X-Amz-Expires"])
	if err != nil || seconds < 1 || seconds > maxExpires {
		return nil, incomplete("X-Amz-Expires must be a number of seconds from 1 to %d: '%.64s'", maxExpires, q["X-Amz-Expires"])
	}
	c := &claims{
		stamp: q["X-Amz-Date"], signature: q["X-Amz-Signature"], token: q["X-Amz-Security-Token"],
		presigned: true, expires: time.Duration(seconds) * time.Second,
	}
	return c, c.fill(q["X-Amz-Credential"], q["X-Amz-SignedHeaders"])
}

// maxExpires is the longest life of a presigned URL in seconds: seven days (AWS).
const maxExpires = 604800

// fill reads credential, date and names of headers, which both forms have.
func (c *claims) fill(credential, signed string) *Error {
	if len(credential) > maxCredential {
		return incomplete("The credential has %d bytes; %d are taken", len(credential), maxCredential)
	}
	parts := strings.Split(credential, "/")
	if len(parts) != 5 {
		return incomplete("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '%s'", credential)
	}
	c.keyID, c.scope = parts[0], scope{parts[1], parts[2], parts[3]}
	if c.keyID == "" || c.scope.region == "" || c.scope.service == "" {
		return incomplete("Credential must have no empty element, e.g. keyid/date/region/service/term, got '%s'", credential)
	}
	if parts[4] != terminator {
		return invalid("Credential should be scoped with a valid terminator: '%s', not '%s'.", terminator, parts[4])
	}
	t, err := time.Parse(timeFormat, c.stamp)
	if err != nil {
		return incomplete("Date must be in ISO-8601 'basic format'. Got '%.64s'. An example is %s.", c.stamp, "20150830T123600Z")
	}
	c.time = t
	if date := c.stamp[:len(dateFormat)]; date != c.scope.date {
		return invalid("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s', from '%s'.",
			c.scope.date, date, c.stamp)
	}
	if len(c.token) > maxToken {
		return errToken()
	}
	return c.readSigned(signed)
}

// readSigned reads the names of the signed headers.
func (c *claims) readSigned(signed string) *Error {
	c.signed = strings.Split(signed, ";")
	if len(c.signed) > maxSignedHeaders {
		return incomplete("There are %d signed headers; %d are taken", len(c.signed), maxSignedHeaders)
	}
	seen := map[string]bool{}
	for _, name := range c.signed {
		if name == "" || name != strings.ToLower(name) || strings.ContainsAny(name, " \t\r\n:,") {
			return incomplete("SignedHeaders must be names of headers in lower case, with ';' between them: '%.100s'", name)
		}
		if seen[name] {
			return incomplete("SignedHeaders has '%.100s' more than once", name)
		}
		seen[name] = true
	}
	if !seen["host"] {
		return invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	return nil
}
