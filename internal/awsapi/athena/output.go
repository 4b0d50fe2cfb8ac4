package athena

import (
	"context"
	"io"
)

// An Output writes results of queries where clients want them. It is safe for concurrent use.
type Output interface {
	// Check says whether there may be objects below a location, an s3:// or file:// URL. The text of the error goes to the client: it says how
	// the server would have to be set up.
	Check(location string, o OutputOptions) error
	// Write writes one object, whole: a part of it is never seen.
	Write(ctx context.Context, location string, body io.ReadSeeker, o OutputOptions) error
}

// OutputOptions are how an object is to be written.
type OutputOptions struct {
	ContentType string
	// Encrypt asks for SSE_S3.
	Encrypt bool
	// BucketOwner is the account that the bucket must be of, "" for any.
	BucketOwner string
	// OwnerFullControl gives the bucket's owner the object, too.
	OwnerFullControl bool
}
