package agentapi

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"regexp"
	"strings"
)

// A Pin is the SHA-256 of a certificate's public key (its SubjectPublicKeyInfo): it stays when a certificate is renewed for the same key.
//
// Source: RFC 7469, 2.4.
type Pin [sha256.Size]byte

// PinOf returns the pin of a certificate.
func PinOf(c *x509.Certificate) Pin { return sha256.Sum256(c.RawSubjectPublicKeyInfo) }

// Is reports whether a certificate has the key.
func (p Pin) Is(c *x509.Certificate) bool {
	of := PinOf(c)
	return subtle.ConstantTimeCompare(p[:], of[:]) == 1
}

// String returns 43 letters of base64url.
func (p Pin) String() string { return base64.RawURLEncoding.EncodeToString(p[:]) }

// MarshalText returns the pin as String does.
func (p Pin) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what MarshalText returns.
func (p *Pin) UnmarshalText(text []byte) error {
	b, err := base64.RawURLEncoding.Strict().DecodeString(string(text))
	if err != nil || len(b) != len(p) {
		return errors.New("no pin of a certificate, which has 43 letters of base64url")
	}
	copy(p[:], b)
	return nil
}

// A Token lets agents join. It has the secret itself, which only who made it and who got it have.
type Token struct {
	Pin Pin
	// ID names it in lists, and Secret is of [SecretForm].
	ID, Secret string
}

// tokenPrefix begins tokens, so that who finds one knows what it is of.
const tokenPrefix = "weir-join"

// These are the forms of ids, of tokens and agents, and of secrets: 32 bytes in base64url.
var (
	IDForm     = regexp.MustCompile(`^[0-9a-f]{16}$`)
	SecretForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)
)

// String returns the token with its secret: weir-join.PIN.ID.SECRET.
func (t *Token) String() string {
	return strings.Join([]string{tokenPrefix, t.Pin.String(), t.ID, t.Secret}, ".")
}

// errNoToken does not quote what was given: it may have most of a secret.
var errNoToken = errors.New("this is no token: it is weir-join. and three parts with dots between, as 'weir agent token create' shows it; is it all there?")

// ParseToken reads what String returns; white space around it does not count. The error does not quote it.
func ParseToken(text string) (*Token, error) {
	parts := strings.Split(strings.TrimSpace(text), ".")
	if len(parts) != 4 || parts[0] != tokenPrefix || !IDForm.MatchString(parts[2]) || !SecretForm.MatchString(parts[3]) {
		return nil, errNoToken
	}
	t := &Token{ID: parts[2], Secret: parts[3]}
	if err := t.Pin.UnmarshalText([]byte(parts[1])); err != nil {
		return nil, errNoToken
	}
	return t, nil
}

// NewSecret returns a secret of [SecretForm]: 256 random bits.
func NewSecret() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// Hash returns what is kept of a secret. A secret has 256 random bits, so that nothing is gained by a slow hash.
func Hash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}
