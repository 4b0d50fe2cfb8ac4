package monitoring

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/google/go-cmp/cmp"

	"weir/internal/awsapi/awsapitest"
	"weir/internal/source/sourcetest"
)

// clientServer is a server on loopback that refuses what is not signed. packed counts the bodies that came packed.
func clientServer(t *testing.T) (url string, packed *atomic.Int32) {
	t.Helper()
	next := router(t, awsapitest.ByKey)
	packed = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Content-Encoding") == "gzip" {
			packed.Add(1)
		}
		next.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, packed
}

// TestGoSDK puts and reads with AWS's SDK for Go, which speaks CBOR and packs large requests.
func TestGoSDK(t *testing.T) {
	url, packed := clientServer(t)
	client := cloudwatch.New(cloudwatch.Options{
		BaseEndpoint: &url, Region: "us-west-2", Credentials: credentials.NewStaticCredentialsProvider(awsapitest.Key, awsapitest.Secret, ""), HTTPClient: awsapitest.NewSDKClient(nil), RetryMaxAttempts: 1,
	})
	minute := time.Now().Add(-10 * time.Minute).Truncate(time.Minute).UTC()
	in := &cloudwatch.PutMetricDataInput{Namespace: aws.String("sdk")}
	for i := range 500 {
		in.MetricData = append(in.MetricData, types.MetricDatum{
			MetricName: aws.String("latency"), Timestamp: aws.Time(minute.Add(time.Duration(i) * 100 * time.Millisecond)), Value: aws.Float64(float64(i)),
			Unit: types.StandardUnitMilliseconds, Dimensions: []types.Dimension{{Name: aws.String("az"), Value: aws.String("use1-az1")}},
		})
	}
	if _, err := client.PutMetricData(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if packed.Load() != 1 {
		t.Errorf("%d requests came packed", packed.Load())
	}
	got, err := client.GetMetricStatistics(t.Context(), &cloudwatch.GetMetricStatisticsInput{
		Namespace: aws.String("sdk"), MetricName: aws.String("latency"), Dimensions: in.MetricData[0].Dimensions,
		StartTime: &minute, EndTime: aws.Time(minute.Add(time.Minute)), Period: aws.Int32(60), ExtendedStatistics: []string{"p99", "tm50"},
	})
	if err != nil || len(got.Datapoints) != 1 {
		t.Fatal(got, err)
	}
	p := got.Datapoints[0]
	if !p.Timestamp.Equal(minute) || p.Unit != types.StandardUnitMilliseconds || !cmp.Equal(p.ExtendedStatistics, map[string]float64{"p99": 494, "tm50": 124.5}, near(0.01)) {
		t.Errorf("got %v %v %v", p.Timestamp, p.Unit, p.ExtendedStatistics)
	}
	list, err := client.ListMetrics(t.Context(), &cloudwatch.ListMetricsInput{Namespace: aws.String("sdk"), RecentlyActive: types.RecentlyActivePt3h})
	if err != nil || len(list.Metrics) != 1 || *list.Metrics[0].Dimensions[0].Value != "use1-az1" {
		t.Errorf("%v %v", list, err)
	}
	in.MetricData = in.MetricData[:1]
	in.MetricData[0].Values = []float64{1}
	combination := new(types.InvalidParameterCombinationException)
	if _, err := client.PutMetricData(t.Context(), in); !errors.As(err, &combination) || !strings.Contains(combination.ErrorMessage(), "mutually exclusive") {
		t.Errorf("two kinds of values: %v", err)
	}
}

// near compares numbers up to a part of them.
func near(part float64) cmp.Option {
	return cmp.Comparer(func(a, b float64) bool { return a-b <= part*a && b-a <= part*a })
}

// TestClients puts, lists and reads with boto3, which speaks JSON, and with the AWS CLI of version 2 as Debian has it, which speaks AWS Query.
func TestClients(t *testing.T) {
	minute := time.Now().Add(-10 * time.Minute).Truncate(time.Minute).UTC()
	begin, end := minute.Format(time.RFC3339), minute.Add(time.Minute).Format(time.RFC3339)
	want := []any{map[string]any{"Timestamp": begin, "Sum": 8.0, "Maximum": 3.0, "Unit": "Count"}}
	type answer struct{ Metrics, Datapoints []any }
	check := func(t *testing.T, out []byte) {
		t.Helper()
		var got answer
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("%v in %s", err, out)
		}
		for _, d := range got.Datapoints {
			point := d.(map[string]any)
			switch at := point["Timestamp"].(type) {
			case string:
				point["Timestamp"] = strings.Replace(at, "+00:00", "Z", 1)
			case float64: // version 1 of the CLI shows what is on the wire
				point["Timestamp"] = time.Unix(int64(at), 0).UTC().Format(time.RFC3339)
			}
		}
		metrics := []any{map[string]any{"Namespace": "clients", "MetricName": "n", "Dimensions": []any{map[string]any{"Name": "az", "Value": "a b"}}}}
		if diff := cmp.Diff(answer{metrics, want}, got); diff != "" {
			t.Error(diff)
		}
	}
	t.Run("boto3", func(t *testing.T) {
		python := sourcetest.Python(t, "boto3")
		t.Parallel()
		url, packed := clientServer(t)
		cmd := exec.CommandContext(t.Context(), python, "-c", boto3Script, url, begin, end)
		cmd.Env = append(awsapitest.Environ(t), "AWS_DEFAULT_REGION=us-east-1")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		check(t, out)
		if packed.Load() != 1 {
			t.Errorf("%d requests came packed", packed.Load())
		}
	})
	for _, version := range []string{"1", "2"} {
		t.Run("version "+version, func(t *testing.T) {
			path, _ := sourcetest.AWSCLI(t, version)
			t.Parallel()
			url, _ := clientServer(t)
			run := func(args ...string) []byte {
				t.Helper()
				cmd := exec.CommandContext(t.Context(), path, append([]string{"--endpoint-url", url, "--output", "json", "cloudwatch"}, args...)...)
				cmd.Env = append(awsapitest.Environ(t), "AWS_DEFAULT_REGION=us-east-1")
				var stderr bytes.Buffer
				cmd.Stderr = &stderr
				out, err := cmd.Output()
				if err != nil {
					t.Fatalf("%v\n%s", err, &stderr)
				}
				return out
			}
			run("put-metric-data", "--namespace", "clients", "--metric-data",
				`[{"MetricName":"n","Dimensions":[{"Name":"az","Value":"a b"}],"Timestamp":"`+begin+`","Values":[1,3],"Counts":[2,2],"Unit":"Count"}]`)
			both := bytes.TrimSpace(run("list-metrics", "--namespace", "clients"))
			points := bytes.TrimSpace(run("get-metric-statistics", "--namespace", "clients", "--metric-name", "n", "--dimensions", "Name=az,Value=a b",
				"--start-time", begin, "--end-time", end, "--period", "60", "--statistics", "Sum", "Maximum"))
			check(t, append(append(both[:len(both)-1], ','), points[1:]...))
		})
	}
}

// boto3Script puts a datum among others that make the request large, and prints what is listed and read.
const boto3Script = `
import boto3, json, sys
url, begin, end = sys.argv[1:]
client = boto3.client("cloudwatch", endpoint_url=url)
datum = {"MetricName": "n", "Dimensions": [{"Name": "az", "Value": "a b"}], "Timestamp": begin, "Values": [1, 3], "Counts": [2, 2], "Unit": "Count"}
client.put_metric_data(Namespace="clients", MetricData=[datum])
client.put_metric_data(Namespace="others", MetricData=[dict(datum, MetricName="n%d" % i) for i in range(200)])
out = client.list_metrics(Namespace="clients")
out.update(client.get_metric_statistics(Namespace="clients", MetricName="n", Dimensions=datum["Dimensions"], StartTime=begin, EndTime=end, Period=60, Statistics=["Sum", "Maximum"]))
try:
    client.put_metric_data(Namespace="clients", MetricData=[dict(datum, Value=1)])
    raise SystemExit("two kinds of values were taken")
except client.exceptions.InvalidParameterCombinationException as e:
    assert e.response["Error"]["Code"] == "InvalidParameterCombination", e.response
print(json.dumps({"Metrics": out["Metrics"], "Datapoints": out["Datapoints"]}, default=lambda t: t.isoformat()))
`
