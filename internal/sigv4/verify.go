package sigv4

import (
	"crypto/subtle"
	"net/http"
	"slices"
	"time"
)

// DefaultSkew is how far a client's clock may be off.
const DefaultSkew = 15 * time.Minute

// A Verifier verifies requests. It is safe for concurrent use if its functions are.
type Verifier struct {
	// Secret returns the secret of a key, false where there is no such key.
	Secret func(keyID string) (string, bool)
	// Token, which may be nil, says whether a session token was issued for a key. Without it each request
	// with a token is refused.
	Token func(keyID, token string) bool
	// Now is the clock, time.Now where it is nil.
	Now func() time.Time
	// Skew is how far a client's clock may be off; 0 is DefaultSkew.
	Skew time.Duration
}

// An Identity is who signed a request.
type Identity struct {
	KeyID string
	// Region is what the client signed for. Any is accepted.
	Region, Service string
	// Time is when the client says that it signed.
	Time      time.Time
	Presigned bool
	// SignedHeaders are the names of the headers that the signature covers, in lower case.
	SignedHeaders []string
}

// Verify returns who signed a request for a service, such as "logs"; with service "" any is accepted, and
// the caller must compare Identity.Service itself. The body is what was sent, before any decompression.
// Errors are of type *Error.
func (v *Verifier) Verify(r *http.Request, body []byte, service string) (Identity, error) {
	c, secret, err := v.screen(r, service)
	if err != nil {
		return Identity{}, err
	}
	hash, err := bodyHash(r, c, body)
	if err != nil {
		return Identity{}, err
	}
	without := ""
	if c.presigned {
		without = "X-Amz-Signature"
	}
	canonical, err := canonicalRequest(r, c.scope.service, c.signed, without, hash)
	if err != nil {
		return Identity{}, err
	}
	want := signature(secret, c.scope, stringToSign(c.stamp, c.scope.String(), canonical))
	if subtle.ConstantTimeCompare([]byte(want), []byte(c.signature)) != 1 {
		return Identity{}, errMismatch()
	}
	return Identity{
		KeyID: c.keyID, Region: c.scope.region, Service: c.scope.service, Time: c.time,
		Presigned: c.presigned, SignedHeaders: c.signed,
	}, nil
}

// Screen says what is wrong with a request before its body is read: all that [Verifier.Verify] refuses but
// a wrong signature. So the bodies of strangers need not be taken. Errors are of type *Error.
func (v *Verifier) Screen(r *http.Request, service string) error {
	if _, _, err := v.screen(r, service); err != nil {
		return err
	}
	return nil
}

// screen returns what a request says of its signature, and the secret of its key.
func (v *Verifier) screen(r *http.Request, service string) (*claims, string, *Error) {
	c, err := readClaims(r)
	if err != nil {
		return nil, "", err
	}
	secret, err := v.admit(c, service)
	if err != nil {
		return nil, "", err
	}
	if err := v.checkTime(c); err != nil {
		return nil, "", err
	}
	// An action that is not signed could be changed on the way, whatever the body says.
	if r.Header.Get("X-Amz-Target") != "" && !slices.Contains(c.signed, "x-amz-target") {
		return nil, "", invalid("'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.")
	}
	return c, secret, nil
}

// admit returns the secret of the key that the claims name, if key, token and service are right.
func (v *Verifier) admit(c *claims, service string) (string, *Error) {
	secret, ok := v.Secret(c.keyID)
	if !ok || secret == "" {
		e := errToken()
		e.Hint = "there is no such access key; 'weir keys list' names them"
		return "", e
	}
	if c.token != "" && (v.Token == nil || !v.Token(c.keyID, c.token)) {
		e := errToken()
		e.Hint = "the request has a session token, and none was issued; keys of 'weir keys create' need none"
		return "", e
	}
	if service != "" && c.scope.service != service {
		return "", invalid("Credential should be scoped to correct service: '%s'.", service)
	}
	return secret, nil
}

// checkTime compares the time of the request with the clock.
func (v *Verifier) checkTime(c *claims) *Error {
	now := time.Now
	if v.Now != nil {
		now = v.Now
	}
	skew := v.Skew
	if skew == 0 {
		skew = DefaultSkew
	}
	life := skew
	if c.presigned {
		life = c.expires
	}
	at := now().UTC()
	var e *Error
	switch {
	case c.time.Before(at.Add(-life)):
		e = invalid("Signature expired: %s is now earlier than %s (%s - %s.)", c.stamp,
			at.Add(-life).Format(timeFormat), at.Format(timeFormat), minutes(life))
	case c.time.After(at.Add(skew)):
		e = invalid("Signature not yet current: %s is still later than %s (%s + %s.)", c.stamp,
			at.Add(skew).Format(timeFormat), at.Format(timeFormat), minutes(skew))
	default:
		return nil
	}
	if !c.presigned {
		e.Hint = "the clock of the client or of this machine is wrong"
	}
	return e
}

// bodyHash returns the hash that stands in the canonical request. It is always that of the body, but for
// S3, where a client may say that it did not sign the body: any for a presigned URL.
func bodyHash(r *http.Request, c *claims, body []byte) (string, *Error) {
	said := r.Header.Get("X-Amz-Content-Sha256")
	if c.scope.service == "s3" {
		switch {
		case said == unsignedPayload, said == "" && c.presigned:
			return unsignedPayload, nil
		case len(said) > 10 && said[:10] == "STREAMING-":
			return "", invalid("The payload form '%.64s' is not supported: the body must be signed as a whole.", said)
		}
	}
	hash := hexHash(body)
	if said != "" && said != hash {
		return "", invalid("The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	return hash, nil
}
