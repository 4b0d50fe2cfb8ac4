package cli

import (
	"net/http"
	"strings"
	"testing"
)

// TestAthenaDDLOfBucket prints the table over a bucket, and says what of it could not be listed.
func TestAthenaDDLOfBucket(t *testing.T) {
	awsEnv(t, "AKIDEXAMPLE", "secret")
	objects := map[string][]byte{}
	for _, region := range []string{"us-east-1", "eu-west-1"} {
		key, text := regionLog(region, 5)
		objects["logs/"+key] = text
	}
	server := newBrokenS3(t, objects)
	ddl := func() answer {
		return call(t.Context(), "--data", t.TempDir(), "athena", "ddl", "--endpoint-url", server.url, "s3://"+testBucket+"/logs")
	}
	root := "s3://" + testBucket + "/logs/AWSLogs/"
	// The field region is a column, so that the key has another name.
	for _, want := range []string{
		"  version int,\n  region string,\n  srcaddr string,\n  start bigint\n)",
		"  accid string,\n  region_partition string,\n  day string\n",
		"LOCATION '" + root + "'",
		"'projection.accid.values' = '111122223333'",
		"'projection.region_partition.values' = 'eu-west-1,us-east-1'",
		"'projection.day.range' = '2026/03/02,NOW'",
		"'storage.location.template' = '" + root + "${accid}/vpcflowlogs/${region_partition}/${day}'",
	} {
		if a := ddl(); a.Code != exitOK || a.Err != "" || !strings.Contains(a.Out, want) {
			t.Errorf("without %s: %+v", want, a)
		}
	}
	server.set(func(r *http.Request) (int, string) {
		if strings.Contains(r.URL.Query().Get("prefix"), "eu-west-1") {
			return http.StatusForbidden, s3Error("AccessDenied", "Access Denied", "")
		}
		return 0, ""
	})
	if a := ddl(); a.Code != exitPartial || !strings.Contains(a.Err, "eu-west-1") || !strings.Contains(a.Out, "'projection.region_partition.values' = 'us-east-1'") {
		t.Errorf("with a folder that is denied: %+v", a)
	}
	server.set(func(r *http.Request) (int, string) {
		return http.StatusForbidden, s3Error("AccessDenied", "Access Denied", "")
	})
	if a := ddl(); a.Code != exitFailed || a.Out != "" {
		t.Errorf("of a bucket that is denied: %+v", a)
	}
}
