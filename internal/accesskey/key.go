package accesskey

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A Key is an access key.
type Key struct {
	// ID is what a request names. Those that are made here begin with WEIR, so that neither people nor
	// scanners for secrets take them for AWS's.
	ID     string `json:"id"`
	Secret string `json:"secret"`
	// Name is what people call it; no two keys have the same.
	Name    string `json:"name"`
	Comment string `json:"comment,omitempty"`
	// Allow are patterns of actions, such as logs:* and athena:Get*.
	Allow   []string  `json:"allow"`
	Created time.Time `json:"created"`
}

// An Error is something wrong in what was asked for.
type Error struct{ Message, Hint string }

func (e *Error) Error() string { return e.Message }

// File returns the file of keys of a data directory.
func File(data string) string { return filepath.Join(data, "secrets", "keys") }

// Services are the services whose actions a key can be allowed, by the names that IAM has for them.
var Services = []string{"athena", "cloudwatch", "ec2", "firehose", "logs", "sns"}

var (
	keyName  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$`)
	keyID    = regexp.MustCompile(`^[A-Za-z0-9_]{1,128}$`) // AWS's form
	actionOf = regexp.MustCompile(`^[A-Za-z0-9*?]+$`)
)

// maxComment is the greatest length of a comment in bytes.
const maxComment = 256

// check says what is wrong with a key.
func (k *Key) check() error {
	switch {
	case !keyName.MatchString(k.Name):
		return &Error{Message: fmt.Sprintf("%q is no name of a key: letters, digits, and . _ @ - are allowed, 64 at most", k.Name)}
	case !keyID.MatchString(k.ID):
		return &Error{Message: "the id of a key has letters, digits and _, 128 at most"}
	case k.Secret == "":
		return &Error{Message: "a key without a secret"}
	case len(k.Comment) > maxComment:
		return &Error{Message: fmt.Sprintf("the comment has %d bytes, %d are allowed", len(k.Comment), maxComment)}
	case len(k.Allow) == 0:
		return &Error{Message: "a key that allows nothing", Hint: "'*' allows all actions, 'logs:*' those of CloudWatch Logs"}
	}
	for _, p := range k.Allow {
		if err := checkPattern(p); err != nil {
			return err
		}
	}
	return nil
}

// checkPattern says what is wrong with a pattern of actions.
func checkPattern(p string) error {
	if p == "*" {
		return nil
	}
	service, action, ok := strings.Cut(p, ":")
	if !ok || !actionOf.MatchString(action) {
		return &Error{
			Message: fmt.Sprintf("%q is no pattern of actions", p),
			Hint:    "a pattern is SERVICE:ACTION, in which * stands for any letters and ? for one: logs:*, logs:Get*",
		}
	}
	if !slices.Contains(Services, strings.ToLower(service)) {
		return &Error{
			Message: fmt.Sprintf("%q: no service %q", p, service),
			Hint:    "services are " + strings.Join(Services, ", "),
		}
	}
	return nil
}

// Allows reports whether the key may call an action, such as "logs:StartQuery". Case does not matter, as in
// IAM.
func (k *Key) Allows(action string) bool {
	action = strings.ToLower(action)
	return slices.ContainsFunc(k.Allow, func(p string) bool { return like(strings.ToLower(p), action) })
}

// like reports whether a text is of a pattern with * for any characters and ? for one.
func like(pattern, text string) bool {
	star, resume := -1, 0
	i, j := 0, 0
	for j < len(text) {
		switch {
		case i < len(pattern) && pattern[i] == '*':
			star, resume = i, j
			i++
		case i < len(pattern) && (pattern[i] == '?' || pattern[i] == text[j]):
			i++
			j++
		case star >= 0: // the last star takes one more
			resume++
			i, j = star+1, resume
		default:
			return false
		}
	}
	return strings.Trim(pattern[i:], "*") == ""
}

const (
	idLetters     = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	secretLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	idPrefix      = "WEIR"
	idLength      = 20 // as AWS's
	secretLength  = 40 // as AWS's; of 62 letters: 238 bits
)

// random returns a random text of some letters.
func random(letters string, n int) (string, error) {
	b := make([]byte, n)
	for i := range b {
		v, err := rand.Int(rand.Reader, big.NewInt(int64(len(letters))))
		if err != nil {
			return "", fmt.Errorf("cannot make a key: %w", err)
		}
		b[i] = letters[v.Int64()]
	}
	return string(b), nil
}
