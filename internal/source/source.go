package source

import (
	"context"
	"io"
	"time"
)

// A Source is a place that holds delivered objects. It is safe for concurrent
// use.
type Source interface {
	// Name returns the place as a person would write it: "s3://bucket/prefix",
	// or the absolute path of a folder or file.
	Name() string
	// List calls fn for each object that sel takes, one call at a time, and
	// says in the Listing what it saw. An error of fn ends the listing and is
	// returned. Where one folder of several is denied, the others are listed
	// and the Listing has the fault; it is an error where nothing at all could
	// be seen. The Listing is right as far as the listing came, with an error
	// too. With Selection.Newest, and where a source holds its whole listing,
	// objects come in the order of [Sort]; else in no order.
	List(ctx context.Context, sel Selection, fn func(Object) error) (Listing, error)
	// Open returns an object's bytes. The error is a [*Fault], with code
	// [Changed] where the object is not the one that was listed, or ctx's.
	Open(ctx context.Context, o Object) (Content, error)
}

// Content is the bytes of one object. It can be read once as a stream, or at any
// place, as the Parquet reader does. A stream that ends early is an error and
// never a short read: io.EOF comes after exactly Size bytes.
type Content interface {
	io.ReadCloser
	io.ReaderAt
	// Size returns the number of bytes.
	Size() int64
}

// Object is one delivered object, as its listing shows it.
type Object struct {
	// Source names the bucket ("s3://bucket", with the endpoint where it is not
	// AWS's) or the folder in which Key is unique. It does not depend on the
	// prefix that was listed.
	Source string
	// Key is the object's key in the bucket, or its path below the folder.
	Key string
	// URL is "s3://bucket/key", or the absolute path of a file.
	URL string
	// Size is in bytes, as stored.
	Size int64
	// ETag is S3's, without quotes; "" for files.
	ETag string
	// ModTime is when the object was last written: for S3 its upload, later
	// than the time in its name (spec: c.2).
	ModTime time.Time
	// Info is what the key tells.
	Info Key
	// StorageClass is S3's name of it, "" for STANDARD, for files, and where
	// the service does not tell.
	StorageClass string
}

// Revision returns what marks this state of the object's bytes: the ETag, or
// where there is none the modification time. Source, Key, Size and Revision
// together tell whether an object was seen before, without a fetch.
func (o Object) Revision() string {
	if o.ETag != "" {
		return o.ETag
	}
	return o.ModTime.UTC().Format(time.RFC3339Nano)
}

// Listing accounts for what a listing saw.
type Listing struct {
	// Objects and Bytes count what the selection takes: what was given to the
	// caller, where the listing ended without an error.
	Objects, Bytes int64
	// Pruned and PrunedBytes count objects that were seen and left out, because
	// the selection does not take them.
	Pruned, PrunedBytes int64
	// PrunedFolders counts the folders that were not looked into, because all
	// that they can hold is outside the selection.
	PrunedFolders int64
	// Unjudged counts those of Objects that were taken because neither name nor
	// folder tells the time, region or log owner that the selection asks for.
	Unjudged int64
	// Markers counts objects of no bytes whose key ends in "/": the S3 console
	// makes them to show empty folders.
	Markers int64
	// Requests counts answers of S3 to listing requests.
	Requests int64
	// First and Last are the oldest and the newest slot seen, pruned ones too;
	// zero where no name tells one.
	First, Last time.Time
	// Skipped are the places that hold no flow logs by their name or kind and
	// were not looked into.
	Skipped []Skipped
	// Faults are the folders that could not be listed, while others could.
	Faults []*Fault
}

// Skipped is a place that was not looked into.
type Skipped struct {
	URL    string
	Reason string
}
