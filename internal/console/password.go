package console

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The parameters of new hashes: the second recommended option of RFC 9106, section
// 4, for machines that cannot give 2 GiB to one login.
const (
	hashTime    = 3         // passes
	hashMemory  = 64 * 1024 // KiB
	hashThreads = 4
	hashSalt    = 16 // bytes
	hashLength  = 32 // bytes
)

// The largest parameters that are accepted of a hash, so that a mistake in the
// users file cannot take the machine's memory at each login.
const (
	maxHashTime   = 20
	maxHashMemory = 1024 * 1024 // KiB
)

// errHash says that a text is no hash of a password.
var errHash = errors.New("no argon2id hash ($argon2id$v=19$m=...,t=...,p=...$salt$hash)")

// passwordHash is a hash with the parameters it was made with.
type passwordHash struct {
	time, memory uint32
	threads      uint8
	salt, sum    []byte
}

// HashPassword returns the argon2id hash of a password as a users file holds it,
// in the PHC string format: $argon2id$v=19$m=65536,t=3,p=4$SALT$HASH.
func HashPassword(password string) string {
	h := passwordHash{time: hashTime, memory: hashMemory, threads: hashThreads, salt: make([]byte, hashSalt)}
	_, _ = rand.Read(h.salt) // never fails; it ends the program instead
	h.sum = argon2.IDKey([]byte(password), h.salt, h.time, h.memory, h.threads, hashLength)
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, h.memory, h.time, h.threads, encode(h.salt), encode(h.sum))
}

// parseHash reads a hash in the form that HashPassword writes.
func parseHash(text string) (passwordHash, error) {
	var h passwordHash
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return h, errHash
	}
	n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.time, &h.threads)
	if err != nil || n != 3 || fmt.Sprintf("m=%d,t=%d,p=%d", h.memory, h.time, h.threads) != parts[3] {
		return h, errHash
	}
	if h.time < 1 || h.time > maxHashTime || h.memory < 8 || h.memory > maxHashMemory || h.threads < 1 {
		return h, fmt.Errorf("the parameters %s of the hash are out of bounds", parts[3])
	}
	var errs [2]error
	h.salt, errs[0] = base64.RawStdEncoding.DecodeString(parts[4])
	h.sum, errs[1] = base64.RawStdEncoding.DecodeString(parts[5])
	if errs[0] != nil || errs[1] != nil || len(h.salt) < 8 || len(h.sum) < 16 {
		return h, errHash
	}
	return h, nil
}

// matches reports whether the hash is of this password. It takes the same time for
// every password.
func (h passwordHash) matches(password string) bool {
	sum := argon2.IDKey([]byte(password), h.salt, h.time, h.memory, h.threads, uint32(len(h.sum)))
	return subtle.ConstantTimeCompare(sum, h.sum) == 1
}
