package app

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"weir/flowlog"
	"weir/internal/athenasql/flowtable"
	"weir/internal/intake"
	"weir/internal/source"
)

// AthenaDDLRequest asks for the statements that make Athena's tables over what lies at a source.
type AthenaDDLRequest struct {
	// Open says where the objects lie and which count: Sources has one place.
	Open OpenRequest
	// Database and Table name the tables.
	Database, Table string
	// Parquet, where it is not nil, asks for objects of that form alone.
	Parquet *bool
}

// AthenaDDLReport is the tables that what lies at a source needs, and what they do not have.
type AthenaDDLReport struct {
	List   *ListReport
	Tables []*flowtable.Table
	Notes  []string
}

// AthenaDDL lists a source, opens the newest object of each flow log there, and returns the tables over them. No lake is needed.
func AthenaDDL(ctx context.Context, r AthenaDDLRequest) (*AthenaDDLReport, error) {
	r.Open.AskFlowLogs, r.Open.All = false, true
	listings, list, err := list(ctx, r.Open, places{})
	out := &AthenaDDLReport{List: list}
	if err != nil {
		return out, err
	}
	var streams []*flowtable.Stream
	for i := range listings {
		found, notes, err := tableStreams(ctx, &listings[i], r)
		if err != nil {
			return out, err
		}
		streams, out.Notes = append(streams, found...), append(out.Notes, notes...)
	}
	if len(streams) == 0 {
		return out, &UsageError{
			Message: "no flow logs that Athena reads lie at " + strings.Join(r.Open.Sources, ", "),
			Hint:    "'weir open --dry-run' shows what lies there; Athena reads text and Parquet as flow logs deliver them to S3",
		}
	}
	tables, notes := flowtable.Tables(streams, r.Database, r.Table)
	out.Tables, out.Notes = tables, append(out.Notes, notes...)
	if slices.ContainsFunc(tables, func(t *flowtable.Table) bool { return strings.HasPrefix(t.Layout.Root, "file:") }) {
		out.Notes = append(out.Notes, "the tables lie in a folder of this machine: weir reads them, and Athena in AWS needs the bucket in their place")
	}
	return out, nil
}

// streamKey tells streams apart.
type streamKey struct {
	layout          flowtable.Layout
	flowLog         string
	account, region string // where there is no flow log
	parquet         bool
}

// foundStream is what lies of a stream.
type foundStream struct {
	days   map[[2]string]map[time.Time]bool // of an account and region
	newest []source.Object                  // at most newestOpened, the newest first
	at     time.Time                        // of the first of newest
}

// newestOpened is how many objects of a flow log are opened until one has records or a header.
const newestOpened = 5

// tableStreams returns the streams of a listed source.
func tableStreams(ctx context.Context, l *listing, r AthenaDDLRequest) (streams []*flowtable.Stream, notes []string, err error) {
	found := map[streamKey]*foundStream{}
	var order []streamKey
	for o := range l.list.All() {
		if r.Parquet != nil && *r.Parquet != o.Info.Parquet {
			continue
		}
		k, place := streamOf(o, l.request.Sources[0].Name())
		f := found[k]
		if f == nil {
			f = &foundStream{days: map[[2]string]map[time.Time]bool{}}
			found[k] = f
			order = append(order, k)
		}
		f.add(o, place)
	}
	for _, k := range order {
		s, note, err := openStream(ctx, l.request, k, found[k])
		if err != nil {
			return nil, nil, err
		}
		if note != "" {
			notes = append(notes, note)
			continue
		}
		streams = append(streams, s)
	}
	return streams, notes, nil
}

// streamOf returns the stream that an object is of, and where it lies.
func streamOf(o source.Object, name string) (streamKey, flowtable.Place) {
	address := func(place string) string {
		if strings.HasPrefix(place, "s3://") {
			return place
		}
		return (&url.URL{Scheme: "file", Path: place}).String()
	}
	k := streamKey{flowLog: o.Info.FlowLogID, parquet: o.Info.Parquet}
	place, ok := flowtable.ParsePlace(o.URL)
	if !ok {
		root := strings.TrimSuffix(name, "/") + "/"
		if !strings.HasPrefix(o.URL, root) { // a prefix that ends in a name, or a single file
			root = o.URL[:strings.LastIndexByte(o.URL, '/')+1]
		}
		k.layout = flowtable.Layout{Root: address(root), Flat: true}
		return k, flowtable.Place{Layout: k.layout}
	}
	place.Root = address(place.Root)
	k.layout = place.Layout
	if k.flowLog == "" {
		k.account, k.region = place.Account, place.Region
	}
	return k, place
}

// add adds an object.
func (f *foundStream) add(o source.Object, place flowtable.Place) {
	if !place.Flat {
		at := [2]string{place.Account, place.Region}
		if f.days[at] == nil {
			f.days[at] = map[time.Time]bool{}
		}
		f.days[at][place.Day] = true
	}
	f.newest = append(f.newest, o)
	slices.SortStableFunc(f.newest, func(a, b source.Object) int { return objectTime(b).Compare(objectTime(a)) })
	f.newest = f.newest[:min(len(f.newest), newestOpened)]
	f.at = objectTime(f.newest[0])
}

// objectTime returns the slot of an object, or when it was written.
func objectTime(o source.Object) time.Time {
	if !o.Info.Slot.IsZero() {
		return o.Info.Slot
	}
	return o.ModTime.UTC()
}

// openStream reads the format of a stream from its newest objects. A note says why it can have no table.
func openStream(ctx context.Context, r intake.Request, k streamKey, f *foundStream) (s *flowtable.Stream, note string, err error) {
	s = &flowtable.Stream{FlowLogID: k.flowLog, Layout: k.layout, Newest: f.at}
	for at, days := range f.days {
		folder := flowtable.Folder{Account: at[0], Region: at[1]}
		for d := range days {
			folder.Days = append(folder.Days, d)
		}
		slices.SortFunc(folder.Days, time.Time.Compare)
		s.Folders = append(s.Folders, folder)
	}
	slices.SortFunc(s.Folders, func(a, b flowtable.Folder) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region))
	})
	for _, o := range f.newest {
		read, err := readHead(ctx, r.Sources[0], o, r.Format)
		if err != nil {
			return nil, "", err
		}
		switch {
		case read.problem != "":
			note = o.URL + ": " + read.problem
		case read.format.Len() > 0:
			s.Format, s.Parquet, s.Header = read.format, read.parquet, read.header
			return s, "", nil
		}
	}
	return nil, cmp.Or(note, "nothing is in the newest objects beside "+f.newest[0].URL), nil
}

// objectHead is what the beginning of an object tells.
type objectHead struct {
	format          flowlog.Format
	parquet, header bool
	problem         string // why Athena reads no table of it
}

// readHead opens an object and reads as far as its first records.
func readHead(ctx context.Context, from source.Source, o source.Object, format *flowlog.Format) (objectHead, error) {
	content, err := from.Open(ctx, o)
	if err != nil {
		return objectHead{}, err
	}
	defer content.Close()
	d, err := flowlog.NewDecoder(io.NewSectionReader(content, 0, content.Size()), flowlog.Options{Format: format, BatchRecords: 100})
	if err != nil {
		return objectHead{problem: err.Error()}, nil
	}
	if _, err := d.Next(); err != nil && err != io.EOF {
		return objectHead{problem: err.Error()}, nil
	}
	st := d.Stats()
	head := objectHead{parquet: st.Container == flowlog.ContainerParquet}
	if len(st.Formats) > 0 {
		head.format = st.Formats[0]
	}
	switch {
	case st.Container == flowlog.ContainerJSON:
		head.problem = "its records are in documents of CloudWatch Logs or Firehose, which Athena reads as JSON and not as flow logs"
	case head.parquet || st.Compression != "" && st.Compression != "gzip":
	case head.format.Len() > 0:
		head.header, err = hasHeader(io.NewSectionReader(content, 0, content.Size()), st.Compression == "gzip")
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return head, fmt.Errorf("cannot read %s: %w", o.URL, err)
	}
	return head, nil
}

// hasHeader reports whether a text begins with the names of fields.
func hasHeader(r io.Reader, gzipped bool) (bool, error) {
	if gzipped {
		z, err := gzip.NewReader(r)
		if err != nil {
			return false, err
		}
		r = z
	}
	line, err := bufio.NewReader(r).ReadString('\n')
	_, is := flowlog.ParseHeader(strings.TrimRight(line, "\r\n"))
	return is, err
}
