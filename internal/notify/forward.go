package notify

import (
	"context"
	"errors"
)

// sendSNS publishes a message to a topic of AWS.
func (s *Store) sendSNS(ctx context.Context, d *delivery) *failure {
	if s.o.SNS == nil {
		return &failure{reason: "the server was started without credentials for AWS"}
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	err := s.o.SNS.Publish(ctx, d.endpoint, d.Subject, d.text("sns"), d.Attributes)
	if err == nil {
		return nil
	}
	var p interface{ Permanent() bool }
	return &failure{reason: shown(err.Error()), permanent: errors.As(err, &p) && p.Permanent()}
}
