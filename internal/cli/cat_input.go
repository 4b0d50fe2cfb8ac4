package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"weir/internal/lake"
	"weir/internal/source"
)

// input is a file that cat decodes.
type input struct {
	name string // as people see it
	// found says that it was found in a folder, and not named: it need not be a
	// flow log.
	found bool
	// ref is what its name tells, as it does in a bucket.
	ref lake.ObjectRef
}

// newInput returns the input of a path.
func newInput(path string, found bool) input {
	in := input{name: path, found: found, ref: lake.ObjectRef{URL: path}}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs // the folders above tell too
	}
	if key, ok := source.ParseKey(filepath.ToSlash(path)); ok {
		in.ref.Slot, in.ref.FlowLogID, in.ref.LogOwner, in.ref.Region = key.Slot, key.FlowLogID, key.LogOwner, key.Region
	}
	return in
}

// argument decodes a file, stdin, or the files below a folder.
func (k *catter) argument(ctx context.Context, arg string) error {
	spec, err := source.ParseSpec(arg)
	switch {
	case err != nil:
		return err
	case spec.Kind == source.KindStdin:
		return k.file(ctx, k.c.in, input{name: "-"})
	case spec.Kind != source.KindPath:
		if spec.Kind == source.KindLogGroup {
			return hint(usage(fmt.Errorf("cat reads files, and %s is a log group", arg)),
				"weir open takes log groups into the lake", "aws logs filter-log-events --log-group-name NAME | weir cat - decodes a page of events")
		}
		return hint(usage(fmt.Errorf("cat reads files, and %s is a bucket", arg)),
			"weir open takes buckets into the lake", "aws s3 cp s3://BUCKET/KEY - | weir cat - decodes one object")
	}
	info, err := os.Stat(spec.Path)
	if err != nil {
		k.fault(newInput(spec.Path, false), bare(err))
		return nil
	}
	if info.IsDir() {
		return k.folder(ctx, spec.Path)
	}
	return k.open(ctx, newInput(spec.Path, false))
}

// folder decodes the files below a folder, in the order of their paths. Hidden
// folders and links to folders are passed over.
func (k *catter) folder(ctx context.Context, root string) error {
	before := k.read + k.failed
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			k.fault(newInput(path, false), bare(err))
			return nil
		case d.IsDir() && path != root && strings.HasPrefix(d.Name(), "."):
			return filepath.SkipDir
		case d.IsDir():
			return nil
		}
		if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
			return nil
		}
		return k.open(ctx, newInput(path, true))
	})
	if err == nil && k.read+k.failed == before {
		k.fault(newInput(root, false), errors.New("no flow log in this folder"))
	}
	return err
}

// open decodes the file at a path.
func (k *catter) open(ctx context.Context, in input) error {
	f, err := os.Open(in.name)
	if err != nil {
		k.fault(in, bare(err))
		return nil
	}
	defer f.Close()
	return k.file(ctx, f, in)
}

// bare returns the system's error without the path, which is shown anyway.
func bare(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}
