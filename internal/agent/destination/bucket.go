package destination

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"weir/internal/agent/config"
)

// bucket is a bucket of S3, or of what speaks like it.
type bucket struct {
	log    *config.FlowLog
	client *s3.Client
	// elsewhere says that the service is not AWS's: it may not know If-None-Match, so that an object is looked for first. unconditional says that it refused that.
	elsewhere     bool
	unconditional atomic.Bool
}

func newBucket(l *config.FlowLog, c aws.Config) *bucket {
	d := &l.Delivery
	b := &bucket{log: l}
	b.client = s3.NewFromConfig(c, func(o *s3.Options) {
		if d.Endpoint != "" {
			o.BaseEndpoint = &d.Endpoint
		}
		b.elsewhere = !ofAWS(o.BaseEndpoint)
		o.UsePathStyle = b.elsewhere
		if d.PathStyle != nil {
			o.UsePathStyle = *d.PathStyle
		}
		o.Retryer = aws.NopRetryer{} // who calls tries again
		// The hash of the whole object goes with it. The SDK's own way is a trailer, which not all services know.
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		o.DisableLogOutputChecksumValidationSkipped = true
	})
	return b
}

// mostNames is how many names are tried where objects of others have them.
const mostNames = 16

// Deliver writes an object, unless it is there.
func (b *bucket) Deliver(ctx context.Context, it *Item) (Outcome, error) {
	records, err := it.count()
	if err != nil {
		return Outcome{}, failure("write an object", err)
	}
	o := object{data: it.Data, sum: sha256.Sum256(it.Data)}
	hash := binary.BigEndian.Uint32(o.sum[:])
	folder := b.log.Delivery.Prefix + folderOf(it.FlowLog, it.Slot) + "/"
	for range mostNames {
		o.key = folder + nameOf(it.FlowLog, it.Slot, hash)
		there, err := b.write(ctx, &o)
		if err != nil {
			return Outcome{}, err
		}
		if there {
			return Outcome{Objects: 1, Records: records}, nil
		}
		hash++
	}
	return Outcome{}, failure("write "+b.url(o.key), errors.New("objects of others have its name, and those after it"))
}

// object is what is to be written.
type object struct {
	key  string
	data []byte
	sum  [sha256.Size]byte
}

// sumName is the key of the metadata that has an object's hash: its ETag has none where it is encrypted.
const sumName = "weir-sha256"

// What is at a key.
const (
	nothing = iota
	this
	another
)

// write writes an object where there is none, and reports whether it is there.
func (b *bucket) write(ctx context.Context, o *object) (there bool, err error) {
	if b.elsewhere {
		if is, err := b.look(ctx, o); err != nil || is != nothing {
			return is == this, err
		}
	}
	err = b.put(ctx, o, !b.unconditional.Load())
	status, code := answerOf(err)
	if b.elsewhere && (status == 501 || code == "NotImplemented") && !b.unconditional.Load() {
		if err = b.put(ctx, o, false); err == nil {
			b.unconditional.Store(true)
		}
		status, _ = answerOf(err)
	}
	switch {
	case err == nil:
		return true, nil
	case status == 412 || status == 409: // it is there, or is being written
		is, lookErr := b.look(ctx, o)
		if lookErr != nil {
			return false, lookErr
		}
		if is != nothing {
			return is == this, nil
		}
	}
	return false, failure("write "+b.url(o.key), err)
}

// put writes an object; only where there is none, if so told.
func (b *bucket) put(ctx context.Context, o *object, ifNone bool) error {
	d := &b.log.Delivery
	in := &s3.PutObjectInput{
		Bucket: &d.Bucket, Key: &o.key, Body: bytes.NewReader(o.data), ContentLength: aws.Int64(int64(len(o.data))),
		ChecksumSHA256: aws.String(base64.StdEncoding.EncodeToString(o.sum[:])), Metadata: map[string]string{sumName: hex.EncodeToString(o.sum[:])},
		ExpectedBucketOwner: b.owner(),
	}
	if ifNone {
		in.IfNoneMatch = aws.String("*")
	}
	// AWS's service of delivery gives each object to the bucket's owner, and policies ask for it; spec c.5.
	if d.ACL == "bucket-owner-full-control" || d.ACL == "" && !b.elsewhere {
		in.ACL = types.ObjectCannedACLBucketOwnerFullControl
	}
	if d.KMSKey != "" {
		in.ServerSideEncryption, in.SSEKMSKeyId = types.ServerSideEncryptionAwsKms, &d.KMSKey
	}
	_, err := b.client.PutObject(ctx, in)
	return err
}

// look says what is at an object's key. Bytes are compared where nothing tells their hash.
func (b *bucket) look(ctx context.Context, o *object) (int, error) {
	d := &b.log.Delivery
	head, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &d.Bucket, Key: &o.key, ExpectedBucketOwner: b.owner()})
	if status, _ := answerOf(err); status == 404 {
		return nothing, nil
	}
	if err != nil {
		return nothing, failure("look for "+b.url(o.key)+" (s3:GetObject, and s3:ListBucket to be told that there is none)", err)
	}
	sum, known := head.Metadata[sumName]
	switch {
	case aws.ToInt64(head.ContentLength) != int64(len(o.data)):
		return another, nil
	case known && sum == hex.EncodeToString(o.sum[:]):
		return this, nil
	case known:
		return another, nil
	}
	got, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &d.Bucket, Key: &o.key, ExpectedBucketOwner: b.owner()})
	if err != nil {
		return nothing, failure("read "+b.url(o.key), err)
	}
	defer got.Body.Close()
	have, err := io.ReadAll(io.LimitReader(got.Body, int64(len(o.data))+1))
	if err != nil {
		return nothing, failure("read "+b.url(o.key), err)
	}
	if bytes.Equal(have, o.data) {
		return this, nil
	}
	return another, nil
}

// owner returns the account that the bucket has to be of.
func (b *bucket) owner() *string {
	if a := b.log.Delivery.Account; a != "" {
		return &a
	}
	return nil
}

// url returns where a key is.
func (b *bucket) url(key string) string { return fmt.Sprintf("s3://%s/%s", b.log.Delivery.Bucket, key) }
