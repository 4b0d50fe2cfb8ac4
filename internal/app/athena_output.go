package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"weir/internal/awsapi/athena"
	"weir/internal/source/s3"
	"weir/internal/tablefile"
)

// AthenaOutput says where statements and the API of Athena may write, and how buckets are reached.
type AthenaOutput struct {
	// Places are folders of this machine and s3://BUCKET/PREFIX. None: nothing is written.
	Places []string
	S3     S3Options
}

// athenaOutput writes where a server allows. It is safe for concurrent use.
type athenaOutput struct {
	places  []string // URLs of folders, with "/" at their ends
	storage *athenaStorage
}

// newAthenaOutput returns what writes below places; nil where there are none.
// Folders are made.
func newAthenaOutput(o AthenaOutput, temp string) (*athenaOutput, error) {
	if len(o.Places) == 0 {
		return nil, nil
	}
	out := &athenaOutput{storage: newAthenaStorage(o.S3, temp)}
	for _, p := range o.Places {
		if !strings.Contains(p, "://") {
			abs, err := filepath.Abs(p)
			if err != nil {
				return nil, err
			}
			p = "file://" + filepath.ToSlash(abs)
		}
		at, err := outputURL(p)
		if dir, ok := strings.CutPrefix(at, "file://"); ok && err == nil {
			err = os.MkdirAll(dir, 0o750)
		}
		if err != nil {
			return nil, err
		}
		out.places = append(out.places, strings.TrimSuffix(at, "/")+"/")
	}
	return out, nil
}

// outputURL checks an address of a folder or object: it has no parts that lead elsewhere.
func outputURL(location string) (string, error) {
	scheme, rest, ok := strings.Cut(location, "://")
	if !ok || scheme != "s3" && scheme != "file" || scheme == "s3" && strings.HasPrefix(rest, "/") || scheme == "file" && !strings.HasPrefix(rest, "/") {
		return "", fmt.Errorf("%s is no place to write to: s3://BUCKET/PREFIX/ or file:///FOLDER/ is", location)
	}
	if u, err := url.Parse(location); scheme == "file" && (err != nil || u.Path != rest) || strings.ContainsAny(rest, "\x00\\") {
		return "", fmt.Errorf("%s has signs that a place can't have", location)
	}
	trimmed := strings.TrimPrefix(strings.TrimSuffix(rest, "/"), "/")
	if trimmed != "" && path.Clean(trimmed) != trimmed || trimmed == ".." || strings.HasPrefix(trimmed, "../") {
		return "", fmt.Errorf("%s has empty parts, or parts of dots", location)
	}
	return location, nil
}

// place returns the place that an address lies below.
func (o *athenaOutput) place(location string) (string, error) {
	at, err := outputURL(location)
	if err != nil {
		return "", err
	}
	if o != nil {
		if i := slices.IndexFunc(o.places, func(p string) bool { return strings.HasPrefix(at+"/", p) || strings.HasPrefix(at, p) }); i >= 0 {
			return o.places[i], nil
		}
	}
	if o == nil {
		return "", errors.New("this server writes nowhere: weir serve --athena-output FOLDER, or s3://BUCKET/PREFIX, lets it")
	}
	return "", fmt.Errorf("this server may not write to %s, only below %s", location, strings.Join(o.places, " and "))
}

// Check says whether there may be objects below a location.
func (o *athenaOutput) Check(location string, w athena.OutputOptions) error {
	place, err := o.place(location)
	if err == nil && strings.HasPrefix(place, "file://") && (w.Encrypt || w.BucketOwner != "" || w.OwnerFullControl) {
		err = errors.New("a folder has no encryption, no bucket owner and no ACL of S3")
	}
	return err
}

// Write writes one object, whole.
func (o *athenaOutput) Write(ctx context.Context, location string, body io.ReadSeeker, w athena.OutputOptions) error {
	if _, err := o.place(location); err != nil {
		return err
	}
	return o.put(ctx, location, body, w)
}

// put writes one object, whole, below a location that was checked. The names of partitions' folders in its address may have signs that a location that is asked for can't.
func (o *athenaOutput) put(ctx context.Context, location string, body io.ReadSeeker, w athena.OutputOptions) error {
	if rest, ok := strings.CutPrefix(location, "s3://"); ok {
		bucket, key, _ := strings.Cut(rest, "/")
		b, err := o.storage.bucket(ctx, bucket)
		if err != nil {
			return err
		}
		return b.Put(ctx, key, body, s3.PutOptions{ContentType: w.ContentType, Encrypt: w.Encrypt, BucketOwner: w.BucketOwner, OwnerFullControl: w.OwnerFullControl})
	}
	for _, place := range o.places {
		if name, ok := strings.CutPrefix(location, place); ok {
			return writeBelow(strings.TrimPrefix(place, "file://"), name, body)
		}
	}
	return fmt.Errorf("%s lies below no place", location)
}

// writeBelow writes a file below a folder, which no link leads out of.
func writeBelow(folder, name string, body io.Reader) error {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	if dir := path.Dir(name); dir != "." {
		if err := root.MkdirAll(dir, 0o750); err != nil {
			return err
		}
	}
	temp := name + ".writing"
	file, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, body)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = root.Rename(temp, name)
	}
	if err != nil {
		_ = root.Remove(temp)
	}
	return err
}

// errNotEmpty ends a listing at its first object.
var errNotEmpty = errors.New("there is an object")

// empty reports whether there is nothing below a location.
func (o *athenaOutput) empty(ctx context.Context, location string) (bool, error) {
	place, err := o.place(location)
	if err != nil {
		return false, err
	}
	location = strings.TrimSuffix(location, "/") + "/"
	if folder, ok := strings.CutPrefix(place, "file://"); ok {
		root, err := os.OpenRoot(folder)
		if err != nil {
			return false, err
		}
		defer root.Close()
		entries, err := fs.ReadDir(root.FS(), path.Clean("./"+strings.TrimPrefix(location, place)))
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return len(entries) == 0, err
	}
	found := false
	err = o.storage.List(ctx, location, func(tablefile.Object) error {
		found = true
		return errNotEmpty
	})
	if found {
		return false, nil
	}
	return err == nil, err
}

var _ athena.Output = (*athenaOutput)(nil)
