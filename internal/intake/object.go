package intake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"weir/flowlog"
	"weir/internal/lake"
	"weir/internal/source"
)

// take takes one object. An error ends the run; what is wrong with the object
// alone is noted and is none.
func (t *run) take(ctx context.Context, o looked) error {
	if state := o.look.State; !o.look.Fetch {
		t.note(o.ref, true, lake.Result{State: state, Problem: changedProblem(state), Hint: changedHint(state)})
		return nil
	}
	result, known, err := t.read(ctx, o)
	// What was read to its end is committed and reported, also where the run was
	// ended meanwhile.
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	var fault *source.Fault
	var inHand *lake.InHandError
	switch {
	case errors.As(err, &inHand):
		t.postpone(o.listed, inHand.Landed)
		return nil
	case errors.As(err, &fault) && endsRun(fault.Code):
		return err
	case errors.As(err, &fault):
		result = lake.Result{State: lake.Failed, Problem: fault.Error(), Hint: fault.Hint}
		if err := t.im.Fail(ctx, o.ref, result.Problem, result.Hint); err != nil {
			return err
		}
	case err != nil:
		return err
	}
	t.note(o.ref, known, result)
	return nil
}

// endsRun reports whether a fault will meet every object, so that there is no
// use in going on.
func endsRun(c source.Code) bool {
	switch c {
	case source.ExpiredCredentials, source.NoCredentials, source.BadCredentials, source.NoSuchBucket, source.NoSpace:
		return true
	}
	return false
}

func changedProblem(s lake.ObjectState) string {
	if s == lake.Changed {
		return "other bytes lie there now than those that were taken"
	}
	return ""
}

func changedHint(s lake.ObjectState) string {
	if s == lake.Changed {
		return "--replace takes the new ones in their place"
	}
	return ""
}

// atOnce is up to which size, in bytes, an object is read into memory at once.
// Larger ones are read twice: AWS's objects have some 75 MB at most.
const atOnce = 16 << 20

// read fetches an object and hands its records to the lake. known says that the
// lake had these bytes from this place before. Errors of the source come as
// *source.Fault.
func (t *run) read(ctx context.Context, o looked) (result lake.Result, known bool, err error) {
	content, err := o.from.Open(ctx, o.object)
	if err != nil {
		return result, false, err
	}
	defer content.Close()
	// The hash comes first: bytes that are known need not be decoded, and a
	// source that fails or changes in the middle shows before anything is
	// taken.
	h := sha256.New()
	var body io.Reader
	if content.Size() <= atOnce {
		room := t.rooms.Get().(*bytes.Buffer)
		defer t.rooms.Put(room)
		room.Reset()
		_, err = room.ReadFrom(content)
		h.Write(room.Bytes())
		body = bytes.NewReader(room.Bytes())
	} else {
		_, err = io.Copy(h, content)
		body = io.NewSectionReader(content, 0, content.Size())
	}
	if err != nil {
		return result, false, asFault(err, o.ref.URL)
	}
	w, state, err := t.im.Start(ctx, o.ref, o.look, [sha256.Size]byte(h.Sum(nil)))
	if err != nil {
		return result, false, err
	}
	if w == nil {
		return lake.Result{State: state, Problem: changedProblem(state), Hint: changedHint(state)}, state != lake.Duplicate, nil
	}
	result, err = t.decode(ctx, body, o.ref, w)
	if err == nil {
		// Closing tells where the bytes changed after they were hashed.
		err = asFault(content.Close(), o.ref.URL)
	}
	if err != nil {
		w.Abort()
		return result, false, err
	}
	result = result.Settle(result.Stats.Records)
	return result, false, w.Finish(ctx, result)
}

// asFault returns an error of reading a source as a fault.
func asFault(err error, url string) error {
	var fault *source.Fault
	if err == nil || errors.As(err, &fault) || errors.Is(err, context.Canceled) {
		return err
	}
	return &source.Fault{Op: "read", URL: url, Code: source.Other, Err: err}
}

// decode reads an object's records into the lake and says how it ended.
func (t *run) decode(ctx context.Context, r io.Reader, ref lake.ObjectRef, w *lake.ObjectWriter) (lake.Result, error) {
	opts := flowlog.Options{Format: t.req.Format}
	if f, ok := t.req.Formats[ref.FlowLogID]; ok {
		opts.Format = &f
	}
	d, err := flowlog.NewDecoder(r, opts)
	if err != nil {
		return undecoded(flowlog.Stats{}, err, ref), nil
	}
	for {
		if err := ctx.Err(); err != nil {
			return lake.Result{}, err
		}
		b, err := d.Next()
		if err == io.EOF {
			return lake.Result{State: lake.Taken, Stats: d.Stats()}, nil
		}
		if err != nil {
			return undecoded(d.Stats(), err, ref), nil
		}
		n := int64(b.Len())
		err = w.Write(ctx, b)
		if errors.Is(err, lake.ErrNoTime) {
			return lake.Result{
				State: lake.Failed, Stats: flowlog.Stats{}, Problem: err.Error(),
				Hint: "keep the object's name as AWS gave it: it holds the time",
			}, nil
		}
		if err != nil {
			return lake.Result{}, err
		}
		atomic.AddInt64(&t.progress.Records, n)
	}
}

// undecoded says what became of an object whose reading ended with an error.
func undecoded(st flowlog.Stats, err error, ref lake.ObjectRef) lake.Result {
	r := lake.Result{State: lake.Failed, Stats: st, Problem: err.Error()}
	switch {
	case errors.Is(err, flowlog.ErrNotFlowLog):
		r.State = lake.Foreign
	case errors.Is(err, flowlog.ErrNoFormat):
		r.Hint = "give the format: --log-format '${version} ${account-id} ...'"
		if ref.FlowLogID != "" {
			r.Hint += fmt.Sprintf("; 'aws ec2 describe-flow-logs --flow-log-ids %s' shows it, and --describe-flow-logs asks for it", ref.FlowLogID)
		}
	case errors.Is(err, flowlog.ErrTruncated), errors.Is(err, flowlog.ErrCorrupt):
		if st.Records > 0 {
			r.State = lake.Taken // good records are kept
			r.Problem += fmt.Sprintf("; what stands before was taken (%d records)", st.Records)
			r.Hint = "when the object is whole again, --replace takes it anew"
		}
	}
	return r
}
