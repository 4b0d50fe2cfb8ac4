package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"strings"
)

// token returns the token that confirms a subscription, or restores one that its endpoint ended. It is made of the secret, so that no database has it.
func (s *Store) token(kind, subscription string) string {
	h := hmac.New(sha256.New, s.secret)
	h.Write([]byte(kind + "\x00" + subscription))
	return hex.EncodeToString(h.Sum(nil))
}

// ConfirmSubscription confirms the subscription whose token this is, and returns its ARN; a second time too. authenticated says that an access key signed the
// request; unsubscribeAuthenticated that the end of the subscription must be signed as well.
//
// Source: AWS, ConfirmSubscription; recordings of AWS for the texts.
func (s *Store) ConfirmSubscription(ctx context.Context, topicARN, token string, authenticated, unsubscribeAuthenticated bool) (arn string, err error) {
	parts := strings.Split(topicARN, ":")
	if len(parts) != 6 || parts[2] != "sns" || parts[3] != s.o.Region {
		return "", invalid("Topic")
	}
	if raw, err := hex.DecodeString(token); err != nil || len(raw) < sha256.Size {
		return "", &Error{"InvalidParameter", "Invalid token"}
	}
	err = s.update(ctx, func(tx *sql.Tx) error {
		list, err := subscriptions(ctx, tx, "WHERE topic = ?", topicARN)
		if err != nil {
			return err
		}
		for _, sub := range list {
			kind := subscriptionConfirmation
			if sub.state == deleted {
				kind = unsubscribeConfirmation
			}
			if sub.gone(s.now()) || !hmac.Equal([]byte(token), []byte(s.token(kind, sub.ARN))) {
				continue
			}
			arn = sub.ARN
			if sub.state == confirmed {
				return nil
			}
			sub.state, sub.since, sub.Pending, sub.Authenticated = confirmed, s.now(), false, authenticated
			sub.AuthenticateOnUnsubscribe = unsubscribeAuthenticated
			return putSubscription(ctx, tx, sub)
		}
		return invalid("Token")
	})
	return arn, err
}
