package sigv4

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// minutes writes a duration as AWS's messages do.
func minutes(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%d sec", d/time.Second)
}

// Sign signs a request for a service in a region by setting X-Amz-Date and Authorization. It covers Host,
// Content-Type, Content-Encoding and all headers that begin with X-Amz-; body is what will be sent. It is for
// tests and benchmarks: real clients come with their SDKs.
func Sign(r *http.Request, body []byte, keyID, secret, region, service string, at time.Time) error {
	r.Header.Del("Authorization")
	stamp := at.UTC().Format(timeFormat)
	r.Header.Set("X-Amz-Date", stamp)
	signed := []string{"host"}
	for name := range r.Header {
		n := strings.ToLower(name)
		if n == "content-type" || n == "content-encoding" || strings.HasPrefix(n, "x-amz-") {
			signed = append(signed, n)
		}
	}
	slices.Sort(signed)
	if r.Host == "" {
		r.Host = r.URL.Host
	}
	s := scope{stamp[:len(dateFormat)], region, service}
	canonical, err := canonicalRequest(r, service, signed, "", hexHash(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", algorithm+" Credential="+keyID+"/"+s.String()+
		", SignedHeaders="+strings.Join(signed, ";")+
		", Signature="+signature(secret, s, stringToSign(stamp, s.String(), canonical)))
	return nil
}
