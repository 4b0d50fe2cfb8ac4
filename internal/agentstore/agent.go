package agentstore

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"weir/internal/agentapi"
	"weir/internal/sqlitedb"
)

// An Agent is one that joined.
type Agent struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Version string `json:"version"`
	// Token is the id of the token that it joined with.
	Token  string    `json:"token"`
	Joined time.Time `json:"joined"`
	Seen   time.Time `json:"last_seen"`
	// Report is what it said last; nil: nothing yet.
	Report *agentapi.Report `json:"report,omitempty"`
}

// mostName bounds names, in bytes.
const mostName = 255

// checkName fails where a name would not do in lists and commands.
func checkName(name string) error {
	bad := func(r rune) bool { return !unicode.IsGraphic(r) || unicode.IsSpace(r) }
	if name == "" || len(name) > mostName || strings.ContainsFunc(name, bad) || strings.HasPrefix(name, "-") {
		return &Error{Code: agentapi.CodeBadRequest, Message: fmt.Sprintf("%q is no name of an agent", name), Hint: "up to 255 letters without white space"}
	}
	return nil
}

// Join lets an agent in, and returns its id. A request that comes again with the same token, name and credential is answered as before. It fails with an [*Error] where the
// token does not let it in, or another agent has the name.
func (s *Store) Join(ctx context.Context, j *agentapi.Join) (id string, err error) {
	if err := checkName(j.Name); err != nil {
		return "", err
	}
	if !agentapi.SecretForm.MatchString(j.Credential) || len(j.Version) > mostName {
		return "", &Error{Code: agentapi.CodeBadRequest, Message: "a credential has 43 letters of base64url, and a version 255 bytes at most"}
	}
	hash := agentapi.Hash(j.Credential)
	err = sqlitedb.InTx(ctx, s.db, func(tx *sql.Tx) error {
		// What is written first takes the lock: of two that come at once with the same token one waits.
		if _, err := tx.ExecContext(ctx, "UPDATE tokens SET used = used WHERE id = ?", j.TokenID); err != nil {
			return err
		}
		t, refused := s.lets(ctx, tx, j.TokenID, j.TokenSecret)
		if e, ok := errors.AsType[*Error](refused); refused != nil && (!ok || e.Code == agentapi.CodeTokenUnknown || e.Code == agentapi.CodeTokenRevoked) {
			return refused
		}
		var token string
		var has []byte
		switch err := tx.QueryRowContext(ctx, "SELECT id, token, hash FROM agents WHERE name = ?", j.Name).Scan(&id, &token, &has); {
		case err == nil && token == t.ID && subtle.ConstantTimeCompare(has, hash) == 1:
			return nil // it came before
		case err != nil && !noRow(err):
			return err
		case refused != nil:
			return refused
		case err == nil:
			return &Error{Code: agentapi.CodeNameTaken, Message: fmt.Sprintf("there is an agent %s already: 'weir agent remove %s' at the server lets another have the name, or join with --name", j.Name, j.Name)}
		}
		id = newID()
		now := s.now().UnixMilli()
		if _, err := tx.ExecContext(ctx, "INSERT INTO agents VALUES (?, ?, ?, ?, ?, ?, ?, '')", id, j.Name, hash, t.ID, j.Version, now, now); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE tokens SET used = used + 1 WHERE id = ?", t.ID)
		return err
	})
	return id, err
}

// Authenticate returns the name of the agent that has a credential, and notes that it was seen. It fails with an [*Error] where there is none: it was removed.
func (s *Store) Authenticate(ctx context.Context, id, credential string) (name string, err error) {
	var hash []byte
	err = s.db.QueryRowContext(ctx, "SELECT name, hash FROM agents WHERE id = ?", id).Scan(&name, &hash)
	if err != nil && !noRow(err) {
		return "", err
	}
	if err != nil || subtle.ConstantTimeCompare(hash, agentapi.Hash(credential)) != 1 {
		return "", &Error{Code: agentapi.CodeUnknownAgent, Message: "the server does not know this agent: it was removed there; 'weir-agent join' with a new token lets it in again"}
	}
	_, err = s.db.ExecContext(ctx, "UPDATE agents SET seen = max(seen, ?) WHERE id = ?", s.now().UnixMilli(), id)
	return name, err
}

// Report keeps what an agent says, in place of what it said before.
func (s *Store) Report(ctx context.Context, id string, r *agentapi.Report) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return sqlitedb.InTx(ctx, s.db, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE agents SET report = ?, version = ? WHERE id = ?", string(text), r.Version, id); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM deliveries WHERE agent = ?", id); err != nil {
			return err
		}
		for _, l := range r.FlowLogs {
			if _, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO deliveries VALUES (?, ?, ?)", id, l.ID, l.Error); err != nil {
				return err
			}
		}
		return nil
	})
}

// Agents returns the agents, by name.
func (s *Store) Agents(ctx context.Context) ([]Agent, error) {
	var out []Agent
	err := sqlitedb.EachRow(ctx, s.db, "SELECT id, name, version, token, joined, seen, report FROM agents ORDER BY name", func(r *sql.Rows) error {
		var a Agent
		var joined, seen int64
		var report string
		if err := r.Scan(&a.ID, &a.Name, &a.Version, &a.Token, &joined, &seen, &report); err != nil {
			return err
		}
		a.Joined, a.Seen = time.UnixMilli(joined).UTC(), time.UnixMilli(seen).UTC()
		if report != "" {
			a.Report = &agentapi.Report{}
			if err := json.Unmarshal([]byte(report), a.Report); err != nil {
				return fmt.Errorf("cannot read what %s said: %w", a.Name, err)
			}
		}
		out = append(out, a)
		return nil
	})
	return out, err
}

// Remove removes an agent, by its id or its name: the server does not know it any more. It fails with an [*Error] where there is none.
func (s *Store) Remove(ctx context.Context, idOrName string) error {
	result, err := s.db.ExecContext(ctx, "DELETE FROM agents WHERE id = (SELECT id FROM agents WHERE id = ?1 OR name = ?1 ORDER BY id <> ?1 LIMIT 1)", idOrName)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return &Error{Code: agentapi.CodeUnknownAgent, Message: fmt.Sprintf("there is no agent %q", idOrName), Hint: "'weir agent list' names them"}
}

// Deliveries returns for each flow log of which agents said something why it can't be delivered, "" where all deliver.
func (s *Store) Deliveries(ctx context.Context) (map[string]string, error) {
	errs := map[string][]string{}
	err := sqlitedb.EachRow(ctx, s.db, "SELECT DISTINCT flow_log, error FROM deliveries ORDER BY flow_log, error", func(r *sql.Rows) error {
		var id, why string
		if err := r.Scan(&id, &why); err != nil {
			return err
		}
		errs[id] = append(errs[id], why)
		return nil
	})
	out := map[string]string{}
	for id, list := range errs {
		out[id] = strings.Join(slices.DeleteFunc(list, func(why string) bool { return why == "" }), "; ")
	}
	return out, err
}
