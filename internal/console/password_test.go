package console

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"
)

// cheap returns a hash that costs next to nothing to check.
func cheap(password string) string {
	salt := []byte("saltsalt")
	sum := argon2.IDKey([]byte(password), salt, 1, 64, 1, 32)
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=19$m=64,t=1,p=1$%s$%s", encode(salt), encode(sum))
}

func TestHashPassword(t *testing.T) {
	text := HashPassword("correct horse")
	if !strings.HasPrefix(text, "$argon2id$v=19$m=65536,t=3,p=4$") {
		t.Errorf("hash %s", text)
	}
	if HashPassword("correct horse") == text {
		t.Error("two hashes of a password are the same: the salt is not random")
	}
	h, err := parseHash(text)
	if err != nil {
		t.Fatal(err)
	}
	if !h.matches("correct horse") || h.matches("Correct horse") || h.matches("") {
		t.Error("the hash does not tell its password from others")
	}
}

// TestKnownHash checks a hash of the reference implementation's own tests
// (github.com/P-H-C/phc-winner-argon2, src/test.c, Argon2id, version 19).
func TestKnownHash(t *testing.T) {
	h, err := parseHash("$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc")
	if err != nil {
		t.Fatal(err)
	}
	if !h.matches("password") || h.matches("differentpassword") {
		t.Error("the hash does not match its password only")
	}
}

func TestBadHashes(t *testing.T) {
	good := cheap("x")
	for name, text := range map[string]string{
		"empty":            "",
		"plain":            "password",
		"argon2i":          strings.Replace(good, "argon2id", "argon2i", 1),
		"old version":      strings.Replace(good, "v=19", "v=16", 1),
		"no passes":        strings.Replace(good, "t=1", "t=0", 1),
		"too many passes":  strings.Replace(good, "t=1", "t=21", 1),
		"too much memory":  strings.Replace(good, "m=64", "m=1048577", 1),
		"too little":       strings.Replace(good, "m=64", "m=7", 1),
		"no threads":       strings.Replace(good, "p=1", "p=0", 1),
		"negative":         strings.Replace(good, "t=1", "t=-1", 1),
		"other parameters": strings.Replace(good, "p=1", "p=1,x=1", 1),
		"no salt":          strings.Replace(good, "c2FsdHNhbHQ", "", 1),
		"bad base64":       good + "!",
		"short hash":       "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$AAAA",
		"more behind":      good + "$x",
	} {
		if _, err := parseHash(text); err == nil {
			t.Errorf("%s: %q is taken", name, text)
		}
	}
	if _, err := parseHash(good); err != nil {
		t.Errorf("the good hash is refused: %v", err)
	}
}

func TestUsersFile(t *testing.T) {
	hash := cheap("x")
	for name, tc := range map[string]struct{ text, want string }{
		"empty":      {"", ""},
		"good":       {"# people\n\n  ada:" + hash + "  \nbob:" + hash, ""},
		"no hash":    {"ada\n", "line 1: not NAME:HASH"},
		"no name":    {"\n:" + hash, "line 2: not NAME:HASH"},
		"twice":      {"ada:" + hash + "\nada:" + hash, `line 2: the name "ada" stands there twice`},
		"bad hash":   {"ada:secret", "line 1: no argon2id hash"},
		"expensive":  {"ada:" + strings.Replace(hash, "t=1", "t=99", 1), "line 1: the parameters m=64,t=99,p=1 of the hash are out of bounds"},
		"plain text": {"ada:" + hash + "\nbob:password", "line 2: no argon2id hash"},
	} {
		path := filepath.Join(t.TempDir(), "users")
		if err := os.WriteFile(path, []byte(tc.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := NewLogin(path, time.Now)
		if got := fmt.Sprint(err); (err == nil) != (tc.want == "") || !strings.Contains(got, tc.want) && err != nil {
			t.Errorf("%s: error %v, want %q", name, err, tc.want)
		}
	}
	if _, err := NewLogin(filepath.Join(t.TempDir(), "none"), time.Now); err == nil {
		t.Error("a users file that is not there is taken")
	}
}

func FuzzParseHash(f *testing.F) {
	f.Add(cheap("x"))
	f.Add("$argon2id$v=19$m=64,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := parseHash(text)
		if err == nil && (h.time < 1 || h.time > maxHashTime || h.memory > maxHashMemory || h.threads < 1 || len(h.sum) < 16) {
			t.Errorf("%q gives the parameters %+v", text, h)
		}
	})
}
