package agentstore

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"fmt"
	"time"

	"weir/internal/agentapi"
	"weir/internal/sqlitedb"
)

const (
	// MostJoins is how many agents a token may let in.
	MostJoins = 10000
	// MostAge is how long a token may last: a year.
	MostAge = 366 * 24 * time.Hour
	// keptAfter is how long a token is in the list once it lets none in any more.
	keptAfter = 30 * 24 * time.Hour
)

// A Token is a token without its secret.
type Token struct {
	ID      string    `json:"id"`
	Comment string    `json:"comment"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
	// Joins is how many agents it lets in, and Used how many it let in.
	Joins   int  `json:"joins"`
	Used    int  `json:"used"`
	Revoked bool `json:"revoked"`
}

// State says whether a token lets agents in at a time: valid, revoked, used or expired.
func (t *Token) State(now time.Time) string {
	switch {
	case t.Revoked:
		return "revoked"
	case t.Used >= t.Joins:
		return "used"
	case !now.Before(t.Expires):
		return "expired"
	}
	return "valid"
}

// CreateToken makes a token that lets so many agents join for so long, and returns it with its secret, which is kept nowhere. pin is of the server's certificate.
func (s *Store) CreateToken(ctx context.Context, pin agentapi.Pin, comment string, joins int, lasts time.Duration) (*agentapi.Token, Token, error) {
	now := s.now().UTC().Truncate(time.Millisecond)
	out := Token{ID: newID(), Comment: comment, Created: now, Expires: now.Add(lasts).Truncate(time.Millisecond), Joins: joins}
	switch {
	case joins < 1 || joins > MostJoins:
		return nil, out, &Error{Code: agentapi.CodeBadRequest, Message: fmt.Sprintf("a token can't let %d agents join", joins), Hint: fmt.Sprintf("1 to %d", MostJoins)}
	case lasts < time.Second || lasts > MostAge:
		return nil, out, &Error{Code: agentapi.CodeBadRequest, Message: "a token can't last that long, or that short", Hint: "a second to 366 days: 30m, 24h, 7d"}
	}
	secret := &agentapi.Token{Pin: pin, ID: out.ID, Secret: agentapi.NewSecret()}
	return secret, out, sqlitedb.InTx(ctx, s.db, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM tokens WHERE expires < ?", now.Add(-keptAfter).UnixMilli()); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, 0, 0)", out.ID, agentapi.Hash(secret.Secret), comment, now.UnixMilli(), out.Expires.UnixMilli(), joins)
		return err
	})
}

const selectTokens = "SELECT id, comment, created, expires, joins, used, revoked, hash FROM tokens"

// scanToken reads a row, and the hash of its secret.
func scanToken(scan func(...any) error) (t Token, hash []byte, err error) {
	var created, expires int64
	err = scan(&t.ID, &t.Comment, &created, &expires, &t.Joins, &t.Used, &t.Revoked, &hash)
	t.Created, t.Expires = time.UnixMilli(created).UTC(), time.UnixMilli(expires).UTC()
	return t, hash, err
}

// Tokens returns the tokens, in the order in which they were made.
func (s *Store) Tokens(ctx context.Context) ([]Token, error) {
	var out []Token
	err := sqlitedb.EachRow(ctx, s.db, selectTokens+" ORDER BY created, id", func(r *sql.Rows) error {
		t, _, err := scanToken(r.Scan)
		out = append(out, t)
		return err
	})
	return out, err
}

// RevokeToken has a token let no agent in any more; those that joined stay. It fails with an [*Error] where there is none.
func (s *Store) RevokeToken(ctx context.Context, id string) error {
	result, err := s.db.ExecContext(ctx, "UPDATE tokens SET revoked = 1 WHERE id = ?", id)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return &Error{Code: agentapi.CodeTokenUnknown, Message: fmt.Sprintf("there is no token %q", id), Hint: "'weir agent token list' names them"}
}

// lets fails where a token lets no agent in. One that is wrong is told apart from one that was right once only to who has its secret.
func (s *Store) lets(ctx context.Context, tx *sql.Tx, id, secret string) (t Token, err error) {
	t, hash, err := scanToken(tx.QueryRowContext(ctx, selectTokens+" WHERE id = ?", id).Scan)
	if err != nil && !noRow(err) {
		return t, err
	}
	if err != nil || subtle.ConstantTimeCompare(hash, agentapi.Hash(secret)) != 1 {
		return t, &Error{Code: agentapi.CodeTokenUnknown, Message: "the server does not know this token: it is of another one, or was removed long ago"}
	}
	switch t.State(s.now()) {
	case "revoked":
		return t, &Error{Code: agentapi.CodeTokenRevoked, Message: "the token was revoked"}
	case "used":
		return t, &Error{Code: agentapi.CodeTokenUsed, Message: fmt.Sprintf("the token was used: it let %d join, as many as it was made for", t.Used)}
	case "expired":
		return t, &Error{Code: agentapi.CodeTokenExpired, Message: "the token expired at " + t.Expires.Format(time.RFC3339)}
	}
	return t, nil
}
