package console

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"sync"
	"time"
)

// sessionLength is how long a login lasts.
const sessionLength = 12 * time.Hour

// session is one login of a person.
type session struct {
	user    string
	hash    passwordHash // of the password at login; another one now ends the session
	expires time.Time
	ended   context.Context // ends with the session, by logout
	end     context.CancelFunc
}

// sessions are the logins of a server. They live in memory only, so that a restart
// asks everybody again, and by the hash of their token, so that the time of the
// lookup tells nothing of it.
type sessions struct {
	mu   sync.Mutex
	held map[[sha256.Size]byte]*session
}

// begin makes a session and returns its token.
func (s *sessions) begin(user string, hash passwordHash, now time.Time) string {
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails; it ends the program instead
	token := base64.RawURLEncoding.EncodeToString(secret[:])
	ended, end := context.WithCancel(context.Background())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(now)
	if s.held == nil {
		s.held = map[[sha256.Size]byte]*session{}
	}
	s.held[sha256.Sum256([]byte(token))] = &session{user, hash, now.Add(sessionLength), ended, end}
	return token
}

// find returns the session of a token, or nil.
func (s *sessions) find(token string, now time.Time) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(now)
	return s.held[sha256.Sum256([]byte(token))]
}

// drop ends the session of a token, where there is one.
func (s *sessions) drop(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := sha256.Sum256([]byte(token))
	if held := s.held[key]; held != nil {
		held.end()
		delete(s.held, key)
	}
}

// forget ends the sessions that are over. Preconditions: s.mu is held.
func (s *sessions) forget(now time.Time) {
	for key, held := range s.held {
		if !now.Before(held.expires) {
			held.end()
			delete(s.held, key)
		}
	}
}
