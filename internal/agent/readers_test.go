package agent

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/agent/config"
	"weir/internal/intake"
	"weir/internal/lake"
	"weir/internal/source"
	"weir/internal/source/file"
	"weir/internal/source/sourcetest"
)

// written has an agent write the same records as text and as Parquet, in AWS's default format with fields of weir's behind it, and
// returns the folder.
func written(t *testing.T) string {
	t.Helper()
	format, err := flowlog.ParseLogFormat("version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status flow-direction weir-would-action weir-reject-rule")
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t,
		config.FlowLog{ID: "fl-1", Resource: "vpc-1", Format: format, Account: "123456789012", Region: "us-east-1"},
		config.FlowLog{ID: "fl-2", Resource: "vpc-1", Format: format, Account: "123456789012", Region: "us-east-1", Parquet: true, Hive: true, Hourly: true},
	)
	b.pass(t, 10*time.Second, "eni-1:1:ACCEPT", "eni-1:1:REJECT", "eni-2:443:ACCEPT")
	b.pass(t, time.Minute, "eni-1:2:ACCEPT")
	b.pass(t, time.Minute) // eni-2 has NODATA
	b.end(t)
	return b.dir
}

// files returns the files below a folder whose names have an ending.
func files(t *testing.T, dir, ending string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(name, ending) {
			out = append(out, name)
		}
		return err
	})
	if err != nil || len(out) == 0 {
		t.Fatalf("%d files %s: %v", len(out), ending, err)
	}
	return out
}

// row is a record by its fields' names as AWS's Parquet has them, without those that have no value.
type row map[string]string

// lines reads the text objects as any reader of lines does.
func lines(t *testing.T, dir string) []row {
	t.Helper()
	var out []row
	for _, name := range files(t, dir, ".log.gz") {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		zip, err := gzip.NewReader(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if _, err := text.ReadFrom(zip); err != nil {
			t.Fatal(err)
		}
		all := strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")
		header := strings.Fields(all[0])
		for _, line := range all[1:] {
			r := row{}
			for i, v := range strings.Fields(line) {
				if v != "-" {
					r[strings.ReplaceAll(header[i], "-", "_")] = v
				}
			}
			out = append(out, r)
		}
	}
	return inOrder(out)
}

func inOrder(rows []row) []row {
	slices.SortFunc(rows, func(a, b row) int {
		return strings.Compare(fmt.Sprint(slices.Sorted(maps.Values(a))), fmt.Sprint(slices.Sorted(maps.Values(b))))
	})
	return rows
}

// What readers of Parquet are called by: each prints the rows as a list of JSON.
const (
	readByPyarrow = `
import pyarrow.parquet as pq
rows = [r for f in files for r in pq.read_table(f, partitioning=None).to_pylist()]
`
	readByDuckDB = `
import duckdb
r = duckdb.connect().execute("select * from read_parquet($1, hive_partitioning=false)", [files])
names = [d[0] for d in r.description]
rows = [dict(zip(names, v)) for v in r.fetchall()]
`
	readByChDB = `
import chdb
rows = [json.loads(line) for f in files for line in str(chdb.query("select * from file('%s', Parquet) settings output_format_json_quote_64bit_integers=0, use_hive_partitioning=0" % f, "JSONEachRow")).splitlines()]
`
)

// TestParquetReaders has others read the Parquet objects that an agent writes: they have what the text objects have.
func TestParquetReaders(t *testing.T) {
	t.Parallel()
	dir := written(t)
	want := lines(t, dir)
	if len(want) != 5 {
		t.Fatalf("%d records: %v", len(want), want)
	}
	for _, r := range []struct {
		name, module, read string
	}{{"pyarrow", "pyarrow.parquet", readByPyarrow}, {"DuckDB", "duckdb", readByDuckDB}, {"chDB", "chdb", readByChDB}} {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			at := sourcetest.Python(t, r.module)
			script := "import json, sys\nfiles = sys.argv[1:]\n" + r.read + `
print(json.dumps([{k: str(v) for k, v in r.items() if v is not None and v != "-"} for r in rows]))`
			out, err := exec.CommandContext(t.Context(), at, append([]string{"-c", script}, files(t, dir, ".log.parquet")...)...).Output()
			if err != nil {
				t.Fatal(err)
			}
			var got []row
			if err := json.Unmarshal(out, &got); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if diff := cmp.Diff(want, inOrder(got)); diff != "" {
				t.Errorf("records (-text +%s):\n%s", r.name, diff)
			}
		})
	}
}

// put puts a folder into a bucket.
const put = `
import gzip, json, os, sys
import boto3
s3 = boto3.client("s3", endpoint_url=sys.argv[2], region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
s3.create_bucket(Bucket="logs")
for folder, _, names in os.walk(sys.argv[1]):
    for n in names:
        path = os.path.join(folder, n)
        s3.upload_file(path, "logs", os.path.relpath(path, sys.argv[1]))
rows = []
`

// listing reads it as boto3's users read flow logs: by the prefix of a day, page by page.
const listing = put + `
for page in s3.get_paginator("list_objects_v2").paginate(Bucket="logs", Prefix="AWSLogs/123456789012/vpcflowlogs/us-east-1/2023/11/14/", PaginationConfig={"PageSize": 1}):
    for o in page["Contents"]:
        body = s3.get_object(Bucket="logs", Key=o["Key"])["Body"].read()
        header, *lines = gzip.decompress(body).decode().splitlines()
        rows += [dict(zip(header.replace("-", "_").split(" "), line.split(" "))) for line in lines]
print(json.dumps([{k: v for k, v in r.items() if v != "-"} for r in rows]))
`

// TestTextReaders has boto3 list the text objects that an agent writes under AWS's keys, and read them.
func TestTextReaders(t *testing.T) {
	t.Parallel()
	dir := written(t)
	out, err := exec.CommandContext(t.Context(), sourcetest.Python(t, "boto3"), "-c", listing, dir, sourcetest.StartMoto(t)).Output()
	if err != nil {
		t.Fatal(err)
	}
	var got []row
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if diff := cmp.Diff(lines(t, dir), inOrder(got)); diff != "" {
		t.Errorf("records (-want +boto3):\n%s", diff)
	}
}

// peerReads has flowlogs-reader read the bucket. It passes over columns that it does not know, such as weir's.
const peerReads = put + `
import datetime
from flowlogs_reader import S3FlowLogsReader
day = datetime.datetime(2023, 11, 14)
reader = S3FlowLogsReader("logs", start_time=day, end_time=day + datetime.timedelta(days=1), boto_client=s3, raise_on_error=True)
seconds = lambda v: int(v.replace(tzinfo=datetime.timezone.utc).timestamp()) if isinstance(v, datetime.datetime) else v
print(json.dumps([{k: str(seconds(v)) for k, v in r.to_dict().items()} for r in reader]))
`

// TestPeerReads has the reader that others' tools are built on read the text objects under AWS's keys.
func TestPeerReads(t *testing.T) {
	t.Parallel()
	dir := written(t)
	out, err := exec.CommandContext(t.Context(), sourcetest.Python(t, "boto3", "flowlogs_reader"), "-c", peerReads, dir, sourcetest.StartMoto(t)).Output()
	if err != nil {
		t.Fatal(err)
	}
	var got []row
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := lines(t, dir)
	for _, r := range want {
		maps.DeleteFunc(r, func(name, _ string) bool { return strings.HasPrefix(name, "weir_") })
	}
	if diff := cmp.Diff(inOrder(want), inOrder(got)); diff != "" {
		t.Errorf("records (-want +flowlogs-reader):\n%s", diff)
	}
}

// TestOpenReads takes the folder into a lake, as weir open does: both flow logs are there, with all records.
func TestOpenReads(t *testing.T) {
	t.Parallel()
	dir := written(t)
	l, err := lake.Open(t.Context(), filepath.Join(t.TempDir(), "data"), lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	from, err := file.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	request := intake.Request{Sources: []source.Source{from}}
	list, err := intake.List(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	report, err := intake.Take(t.Context(), l, request, list, nil)
	if err != nil {
		t.Fatal(err)
	}
	if report.Objects != 4 || report.Committed != 4 || report.Records != int64(2*len(lines(t, dir))) || report.BadLines != 0 || len(report.Problems) != 0 {
		t.Errorf("%+v", report)
	}
}
