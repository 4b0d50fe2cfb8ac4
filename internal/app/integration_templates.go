package app

import (
	"bytes"
	"context"

	"weir/internal/awsapi/athena"
	"weir/internal/awsapi/ec2"
	"weir/internal/flowlogstore"
	"weir/internal/netmodel"
	"weir/internal/versions"
)

// flowLogsAPI makes the API of flow logs. The templates that it writes go where Athena's results may go: nobody lets a server write by letting another
// write through it.
func (s *Local) flowLogsAPI(store *flowlogstore.Store) *ec2.API {
	networks := &stamped[*netmodel.Network]{data: s.lake.Data(), make: func(ctx context.Context, v *versions.Store) (*netmodel.Network, error) {
		d, err := v.At(ctx, s.now())
		if err != nil {
			return nil, err
		}
		return d.Network, nil
	}}
	placeOf := func(ctx context.Context, f *flowlogstore.FlowLog) (flowlogstore.Place, error) {
		n, err := networks.get(ctx)
		if n == nil {
			n = &netmodel.Network{}
		}
		place, _ := s.placeOf(n, f) // of which agents make nothing there are no objects
		return place, err
	}
	return &ec2.API{Store: store, PlaceOf: placeOf, PutObject: s.putObject, Now: s.now}
}

// putObject writes an object into a bucket and returns its URL.
func (s *Local) putObject(ctx context.Context, bucket, key string, body []byte) (string, error) {
	location := "s3://" + bucket + "/" + key
	options := athena.OutputOptions{ContentType: "application/yaml"}
	if err := s.athenaOutput.Check(location, options); err != nil {
		return "", err
	}
	if err := s.athenaOutput.Write(ctx, location, bytes.NewReader(body), options); err != nil {
		return "", err
	}
	b, err := s.athenaOutput.storage.bucket(ctx, bucket)
	if err != nil {
		return "", err
	}
	return b.ObjectURL(key), nil
}
