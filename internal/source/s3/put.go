package s3

import (
	"context"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// PutOptions are how an object is written.
type PutOptions struct {
	ContentType string
	// Encrypt asks for SSE-S3.
	Encrypt bool
	// BucketOwner is the account that the bucket must be of, "" for any.
	BucketOwner string
	// OwnerFullControl gives the bucket's owner the object, too.
	OwnerFullControl bool
}

// Put writes an object of the bucket, whole. Errors are [*source.Fault], or ctx's.
func (s *Source) Put(ctx context.Context, key string, body io.ReadSeeker, o PutOptions) error {
	in := &awss3.PutObjectInput{Bucket: &s.config.Bucket, Key: &key, Body: body, RequestPayer: s.payer()}
	if o.ContentType != "" {
		in.ContentType = aws.String(o.ContentType)
	}
	if o.Encrypt {
		in.ServerSideEncryption = types.ServerSideEncryptionAes256
	}
	if o.BucketOwner != "" {
		in.ExpectedBucketOwner = aws.String(o.BucketOwner)
	}
	if o.OwnerFullControl {
		in.ACL = types.ObjectCannedACLBucketOwnerFullControl
	}
	if _, err := s.client.PutObject(ctx, in); err != nil {
		return s.fault(ctx, "write", s.url(key), err)
	}
	return nil
}
