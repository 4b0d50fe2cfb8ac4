package tablefile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"weir/internal/athenasql/types"
)

// Column is a column of a table.
type Column struct {
	Name string // in lower case
	Type types.Type
}

// Layout says how the objects of a table are read.
type Layout struct {
	// Columns are those of the table without the keys of its partitions: of text by their places in the line, of Parquet by their names.
	Columns []Column
	// Parquet says that objects are Parquet; the members below are of text.
	Parquet bool
	// Separator ends a field, Escape takes the meaning from the byte behind it where Escaped is set, Null is the text that is NULL.
	Separator, Escape byte
	Escaped           bool
	Null              string
	// Pattern, where it is not "", takes lines apart in place of Separator: a regular expression of package regexp whose groups are the columns. A line that it does not
	// match is a row of NULLs.
	Pattern string `json:",omitempty"`
	// JSON, where it is not nil, says that a line is an object of JSON.
	JSON *JSON `json:",omitempty"`
	// CSV says that lines are those of OpenCSVSerde: Quote and Escape are 0 where there are none.
	CSV   bool `json:",omitempty"`
	Quote byte `json:",omitempty"`
	// NullForInvalid says that a field of JSON or CSV which is no value of its column's type is NULL, where it is an error else.
	NullForInvalid bool `json:",omitempty"`
	// Read are the names of the columns that a query reads, nil: all of them. A field that is no value of its column's type is an error in these alone.
	Read []string `json:"-"`
	// strict says that such a field is an error at once; else its file says which columns have any.
	strict bool
	// SkipLines is how many lines at the head of each object are no rows.
	SkipLines int
}

// Object is an object of a table.
type Object struct {
	// URL is "s3://bucket/key", or "file:///path".
	URL string
	// Size is in bytes, as stored.
	Size int64
	// Revision marks the state of the bytes: an ETag, or a time.
	Revision string
	// Ref is the storage's own.
	Ref any
}

// Content is the bytes of one object, as a stream and at any place.
type Content interface {
	io.ReadCloser
	io.ReaderAt
	Size() int64
}

// Storage lists and opens objects. It is safe for concurrent use.
type Storage interface {
	// List calls fn for each object below a location, "s3://bucket/folder/" or "file:///folder/", in any order, one call at a time. A folder that is
	// not there has no objects.
	List(ctx context.Context, location string, fn func(Object) error) error
	// Open returns an object's bytes, which are those that were listed.
	Open(ctx context.Context, o Object) (Content, error)
}

// form counts the forms of the files: another form is another name.
const form = 2

// reads reports whether a query reads a column.
func (l *Layout) reads(column string) bool { return l.Read == nil || slices.Contains(l.Read, column) }

// key is what of a file's name its table gives.
func (l *Layout) key() string {
	// Encoding can't fail: all are plain values.
	text, _ := json.Marshal([]any{form, l})
	return string(text)
}

// name returns the name of the file of objects: what its content depends on goes into it.
func name(key string, objects []Object) string {
	text := []byte(key)
	for _, o := range objects {
		text = fmt.Appendf(text, "\n%q %d %q", o.URL, o.Size, o.Revision)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}
