package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"weir/internal/source"
	"weir/internal/source/sourcetest"
)

// goneLake opens a lake whose clock is a second ahead each time it is asked, so that
// what was taken was taken before the next listing.
func goneLake(t *testing.T) *Local {
	t.Helper()
	began, asked := time.Now(), time.Duration(0)
	s, err := OpenLocal(t.Context(), LocalOptions{Data: filepath.Join(t.TempDir(), "data"), Now: func() time.Time {
		asked += time.Second
		return began.Add(asked)
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// goneOf opens sources and returns what is gone from the first.
func goneOf(t *testing.T, s *Local, r OpenRequest) *Gone {
	t.Helper()
	r.Gone = true
	report, err := s.Open(t.Context(), r, nil)
	if err != nil {
		t.Fatal(err)
	}
	return report.List.Sources[0].Gone
}

func TestGoneFiles(t *testing.T) {
	s, dir := goneLake(t), t.TempDir()
	for i := range 5 {
		put(t, filepath.Join(dir, fmt.Sprint("taken", i, ".log")), followed(i+1), time.Hour)
	}
	put(t, filepath.Join(dir, "notes.txt"), "These are my notes.\n", time.Hour)
	put(t, dir+"-beside.log", followed(9), time.Hour)
	r := OpenRequest{Sources: []string{dir, dir + "-beside.log"}, Brief: true}
	if got := goneOf(t, s, r); got == nil || got.Objects != 0 || got.From != nil {
		t.Errorf("at first: %+v", got)
	}
	// One was removed, one has another name, one is being written to, one is a link now,
	// and one lies in no folder that is asked for.
	elsewhere := filepath.Join(t.TempDir(), "elsewhere.log")
	if err := errors.Join(
		os.Remove(filepath.Join(dir, "taken0.log")),
		os.Rename(filepath.Join(dir, "taken1.log"), filepath.Join(dir, "renamed.log")),
		os.Chtimes(filepath.Join(dir, "taken2.log"), time.Now(), time.Now()),
		os.Rename(filepath.Join(dir, "taken3.log"), elsewhere),
		os.Symlink(elsewhere, filepath.Join(dir, "taken3.log")),
		os.Remove(filepath.Join(dir, "notes.txt")),
		os.Remove(dir+"-beside.log"),
	); err != nil {
		t.Fatal(err)
	}
	r.Sources, r.Selection.Settle = r.Sources[:1], time.Minute
	if got := goneOf(t, s, r); got == nil || got.Objects != 2 {
		t.Errorf("gone: %+v, want 2", got)
	}
	// What can't be listed may be there.
	if err := os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if got := goneOf(t, s, r); got != nil {
		t.Errorf("with a folder that can't be listed: %+v", got)
	}
}

func TestGoneFromBucket(t *testing.T) {
	endpoint := sourcetest.StartMoto(t)
	client := awss3.New(awss3.Options{
		BaseEndpoint: aws.String(endpoint), Region: "us-east-1", UsePathStyle: true, Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	})
	bucket := aws.String("logs")
	if _, err := client.CreateBucket(t.Context(), &awss3.CreateBucketInput{Bucket: bucket}); err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC()
	key := func(region string, ago time.Duration) string {
		at := now.Add(-ago).Truncate(5 * time.Minute)
		return fmt.Sprintf("AWSLogs/111122223333/vpcflowlogs/%s/%s/111122223333_vpcflowlogs_%s_fl-0aaa_%s_00000001.log",
			region, at.Format("2006/01/02"), region, at.Format("20060102T1504Z"))
	}
	old, young, kept, region, plain := key("us-east-1", 50*time.Hour), key("us-east-1", 3*time.Hour), key("us-east-1", 2*time.Hour), key("eu-west-1", 3*time.Hour), "AWSLogs/plain.log"
	for i, k := range []string{old, young, kept, region, plain} {
		if _, err := client.PutObject(t.Context(), &awss3.PutObjectInput{Bucket: bucket, Key: aws.String(k), Body: strings.NewReader(followed(i + 1))}); err != nil {
			t.Fatal(err)
		}
	}
	s := goneLake(t)
	r := OpenRequest{Sources: []string{"s3://logs/AWSLogs"}, All: true, Brief: true, S3: S3Options{
		EndpointURL: endpoint, Region: "us-east-1", PathStyle: true, Env: map[string]string{"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"},
	}}
	if got := goneOf(t, s, r); got == nil || got.Objects != 0 {
		t.Errorf("at first: %+v", got)
	}
	for _, k := range []string{old, young, region, plain} {
		if _, err := client.DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: bucket, Key: aws.String(k)}); err != nil {
			t.Fatal(err)
		}
	}
	for name, tt := range map[string]struct {
		change func(*OpenRequest)
		want   int64
	}{
		"all that tells its time": {func(*OpenRequest) {}, 3},
		"the last 24 hours":       {func(r *OpenRequest) { r.Trailing = trailing }, 2},
		"the newest":              {func(r *OpenRequest) { r.All = false }, 2},
		"one region":              {func(r *OpenRequest) { r.Selection.Regions = []string{"us-east-1"} }, 2},
		"before the last hours":   {func(r *OpenRequest) { r.Selection.To = now.Add(-20 * time.Hour) }, 1},
		"some objects only":       {func(r *OpenRequest) { r.Keys = []string{kept} }, -1},
		"below another prefix":    {func(r *OpenRequest) { r.Sources = []string{"s3://logs/AWSLogs/111122223333/vpcflowlogs/eu"} }, 1},
	} {
		r := r
		r.Selection = source.Selection{}
		tt.change(&r)
		got := goneOf(t, s, r)
		if tt.want < 0 {
			if got != nil {
				t.Errorf("%s: %+v", name, got)
			}
			continue
		}
		if got == nil || got.Objects != tt.want || (got.From != nil) != (r.Trailing > 0) {
			t.Errorf("%s: %+v, want %d", name, got, tt.want)
		}
	}
}
