package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// sendTimeout is how long an endpoint may take.
//
// Source: AWS, Amazon SNS Developer Guide: an endpoint that does not answer within 15 seconds has failed.
const sendTimeout = 15 * time.Second

// maxAnswer is how much of an answer is read, for its reason.
const maxAnswer = 4 << 10

// trusted returns which certificates are trusted: the system's, and those of a file.
func trusted(file string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if file == "" {
		return c, nil
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read the certificates that notifications trust: %w", err)
	}
	if c.RootCAs, err = x509.SystemCertPool(); err != nil {
		c.RootCAs = x509.NewCertPool()
	}
	if !c.RootCAs.AppendCertsFromPEM(raw) {
		return nil, fmt.Errorf("%s has no certificate in PEM", file)
	}
	return c, nil
}

// newClient makes the client of all endpoints over HTTP. It follows no redirects and uses no proxy: both would go around the guard.
func (s *Store) newClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext: s.guard.dial, TLSClientConfig: s.trust.Clone(), TLSHandshakeTimeout: sendTimeout, ForceAttemptHTTP2: true,
			MaxIdleConns: 64, MaxIdleConnsPerHost: maxPerLane, IdleConnTimeout: 30 * time.Second, MaxResponseHeaderBytes: 64 << 10, DisableCompression: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// sendDocument posts the document of an envelope, or with raw delivery its text.
//
// Source: AWS, Amazon SNS Developer Guide, "HTTP/HTTPS headers" and "Raw message delivery"; recordings of AWS.
func (s *Store) sendDocument(ctx context.Context, d *delivery) *failure {
	body := []byte(d.text(d.protocol))
	if !d.raw {
		var err error
		if body, err = s.document(d); err != nil {
			return &failure{reason: "the document could not be signed: " + err.Error()}
		}
	}
	header := http.Header{
		"Content-Type": {d.contentType}, "User-Agent": {"Amazon Simple Notification Service Agent"},
		"X-Amz-Sns-Message-Type": {d.Kind}, "X-Amz-Sns-Message-Id": {d.ID}, "X-Amz-Sns-Topic-Arn": {d.TopicARN},
	}
	if d.Kind == notification {
		header.Set("X-Amz-Sns-Subscription-Arn", d.subscription)
	}
	if d.raw {
		header.Set("X-Amz-Sns-Rawdelivery", "true")
	}
	return s.post(ctx, d.endpoint, header, body, false)
}

// post posts a body. An answer of 2xx is a success; one of 4xx but 429 says that a repetition would not help. later says that an answer may say when to come again.
func (s *Store) post(ctx context.Context, url string, header http.Header, body []byte, later bool) *failure {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return &failure{reason: err.Error(), permanent: true}
	}
	r.Header = header
	answer, err := s.client.Do(r)
	if err != nil {
		return &failure{reason: unreachable(err)}
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	switch code := answer.StatusCode; {
	case code >= 200 && code < 300:
		return nil // it has it, also where the rest of its answer is lost
	case code >= 300 && code < 400:
		return &failure{reason: "the endpoint answered " + answer.Status + ", and redirects are not followed: to " + shown(answer.Header.Get("Location"))}
	default:
		f := &failure{reason: "the endpoint answered " + answer.Status, permanent: code >= 400 && code < 500 && code != http.StatusTooManyRequests}
		if text := shown(string(said)); text != "" && err == nil {
			f.reason += ": " + text
		}
		if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil && later && seconds > 0 {
			f.after = time.Duration(min(seconds, maxRetryTime)) * time.Second
		}
		return f
	}
}

// unreachable says why an endpoint could not be reached, for people.
func unreachable(err error) string {
	if text := refusal(err); text != "" {
		return text
	}
	certificate := new(tls.CertificateVerificationError)
	switch {
	case errors.As(err, &certificate):
		return "the certificate of the endpoint is not accepted: " + certificate.Err.Error() + " (--notify-ca trusts another authority)"
	case errors.Is(err, context.DeadlineExceeded):
		return "the endpoint did not answer within " + strconv.Itoa(int(sendTimeout/time.Second)) + " s"
	}
	return shown(err.Error())
}

// shown bounds what somebody else said, and leaves out what does not print.
func shown(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(strings.TrimSpace(text), "?"))
	if runes := []rune(text); len(runes) > 300 {
		text = string(runes[:300]) + "..."
	}
	return text
}
