package notify

import (
	"context"
	"database/sql"

	"weir/internal/sqlitedb"
)

// Waiting, Delivered and Dead are what has become of a delivery.
const (
	Waiting   = "waiting"
	Delivered = "delivered"
	Dead      = "dead"
)

// A Delivery is what became of a message for one subscriber.
type Delivery struct {
	SubscriptionARN, Protocol, Endpoint string
	// State is Waiting, Delivered or Dead: then it is among the dead letters.
	State string
	// Attempts is how many were made. Reason says why the last one failed, "" where none did since the delivery began.
	Attempts int
	Reason   string
	// Time is when it was delivered, when it died, or when the next attempt is due, in ms since the epoch.
	Time int64
}

// Deliveries returns what became of a message that was published, by subscription: of each subscriber that it was for. It is known for as
// long as the message's id, four weeks; of one that is not known, of one without subscribers, and of dead letters that were dropped there is nothing.
func (s *Store) Deliveries(ctx context.Context, messageID string) ([]Delivery, error) {
	out := []Delivery{}
	err := sqlitedb.EachRow(ctx, s.db, `SELECT subscription, protocol, endpoint, iif(dead > 0, ?, ?), attempts, reason, iif(dead > 0, dead, due) FROM deliveries WHERE message = ?
		UNION ALL SELECT subscription, protocol, endpoint, ?, attempts, '', at FROM delivered WHERE message = ? ORDER BY subscription`, func(r *sql.Rows) error {
		var d Delivery
		err := r.Scan(&d.SubscriptionARN, &d.Protocol, &d.Endpoint, &d.State, &d.Attempts, &d.Reason, &d.Time)
		out = append(out, d)
		return err
	}, Dead, Waiting, messageID, Delivered, messageID)
	return out, err
}

// keepDelivered replaces a delivery by a note that it was made.
func keepDelivered(ctx context.Context, tx *sql.Tx, d *delivery, now int64) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM deliveries WHERE id = ?", d.id); err != nil {
		return err
	}
	// A dead letter that was sent again while it was on its way is delivered once more.
	_, err := tx.ExecContext(ctx, `INSERT INTO delivered (message, subscription, protocol, endpoint, attempts, at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET attempts = excluded.attempts, at = excluded.at`, d.ID, d.subscription, d.protocol, d.endpoint, d.attempts+1, now)
	return err
}
