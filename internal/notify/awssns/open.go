package awssns

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/config"
)

// Open makes a publisher with the credentials that AWS's tools find: the environment, the shared files, the instance's role.
func Open(ctx context.Context) (*Publisher, error) {
	c, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("cannot find credentials for AWS: %w", err)
	}
	return New(c), nil
}
