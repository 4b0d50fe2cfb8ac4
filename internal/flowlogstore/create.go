package flowlogstore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"weir/internal/sqlitedb"
)

const (
	// perResource is how many flow logs a resource can have.
	//
	// Source: AWS, Amazon VPC quotas.
	perResource = 250
	// remembered is how long a token counts. AWS does not say it for flow logs.
	remembered = 24 * time.Hour
)

// Create makes a flow log for each resource of a request, or none where it fails. It fails with an *Error where the request is wrong, where a
// resource is not there, where one has such a flow log already, and where a token was used with another request.
func (s *Store) Create(ctx context.Context, r Request) (*Created, error) {
	if err := r.complete(s.options.Place); err != nil {
		return nil, err
	}
	out := &Created{Token: r.Token}
	if out.Token == "" {
		out.Token = base64.StdEncoding.EncodeToString(random(32)) // 44 characters, as AWS's
	}
	request, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	if before, err := s.answered(ctx, s.db, r.Token, string(request)); before != nil || err != nil {
		return before, err
	}
	if r.DestinationType == CloudWatchLogs && strings.HasSuffix(r.Destination, allStreams) {
		for _, id := range r.ResourceIDs {
			out.Unsuccessful = append(out.Unsuccessful, Unsuccessful{id, "400", "Access Denied for LogDestination: " + r.Destination + ". Please check LogDestination permission"})
		}
		return out, nil
	}
	if err := s.exist(ctx, r.ResourceType, r.ResourceIDs); err != nil {
		return nil, err
	}
	var before *Created
	err = s.change(ctx, func(tx *sql.Tx) error {
		// Again: the same request may have come twice at once.
		if before, err = s.answered(ctx, tx, r.Token, string(request)); err != nil {
			return err
		} else if before != nil {
			return errAnswered
		}
		for _, resource := range r.ResourceIDs {
			id, err := s.insert(ctx, tx, resource, &r)
			if err != nil {
				return err
			}
			out.IDs = append(out.IDs, id)
		}
		return s.remember(ctx, tx, r.Token, string(request), out)
	})
	if errors.Is(err, errAnswered) {
		return before, nil
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// exist fails where a resource is not there.
func (s *Store) exist(ctx context.Context, t ResourceType, ids []string) error {
	if s.options.Missing == nil {
		return nil
	}
	gone, err := s.options.Missing(ctx, t, ids)
	if err != nil || len(gone) == 0 {
		return err
	}
	return refuse(resources[t].notFound, "The %s '%s' does not exist in the network definition that was imported last; where it is new, import the network again.", resources[t].noun, gone[0])
}

// insert makes a flow log and returns its id.
func (s *Store) insert(ctx context.Context, tx *sql.Tx, resource string, r *Request) (string, error) {
	config, err := json.Marshal(r.Config)
	if err != nil {
		return "", err
	}
	alike := r.Config // who may write makes no other flow log
	alike.DeliverLogsPermissionARN, alike.DeliverCrossAccountRole = "", ""
	same, err := json.Marshal(alike)
	if err != nil {
		return "", err
	}
	var all, equal int
	if err := tx.QueryRowContext(ctx, "SELECT count(*), count(*) FILTER (WHERE same = ?) FROM flow_logs WHERE resource = ?", string(same), resource).Scan(&all, &equal); err != nil {
		return "", err
	}
	switch {
	case equal > 0:
		return "", refuse("FlowLogAlreadyExists", "Error. There is an existing Flow Log with the same configuration and log destination.")
	case all >= perResource:
		return "", refuse("FlowLogsLimitExceeded", "The resource %s has %d flow logs, which is the limit.", resource, all)
	}
	id := "fl-" + hex.EncodeToString(random(9))[:17]
	if _, err := tx.ExecContext(ctx, "INSERT INTO flow_logs (id, resource, config, same, created, delivery, delivery_error) VALUES (?, ?, ?, ?, ?, ?, '')",
		id, resource, string(config), string(same), s.options.Now().UnixMilli(), Success); err != nil {
		return "", err
	}
	return id, putTags(ctx, tx, id, r.Tags)
}

// random returns n random bytes.
func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

// errAnswered ends a transaction that has nothing to do.
var errAnswered = errors.New("the request was answered before")

// answered returns what a request with a token was answered, nil where there was none.
func (s *Store) answered(ctx context.Context, q sqlitedb.Queryer, token, request string) (*Created, error) {
	if token == "" {
		return nil, nil
	}
	var was string
	var answer []byte
	err := q.QueryRowContext(ctx, "SELECT request, answer FROM requests WHERE token = ? AND at > ?", token, s.options.Now().Add(-remembered).UnixMilli()).Scan(&was, &answer)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, err
	case was != request:
		return nil, refuse("IdempotentParameterMismatch", "The client token %s was used before with other parameters.", token)
	}
	out := &Created{}
	return out, json.Unmarshal(answer, out)
}

// remember keeps what a request with a token was answered, and forgets what is old.
func (s *Store) remember(ctx context.Context, tx *sql.Tx, token, request string, out *Created) error {
	now := s.options.Now()
	if _, err := tx.ExecContext(ctx, "DELETE FROM requests WHERE at <= ?", now.Add(-remembered).UnixMilli()); err != nil || token == "" {
		return err
	}
	answer, err := json.Marshal(out)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO requests (token, request, answer, at) VALUES (?, ?, ?, ?)", token, request, string(answer), now.UnixMilli())
	return err
}
