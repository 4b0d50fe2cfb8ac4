package monitoring

import (
	"encoding/json"
	"os/exec"
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

// TestMetricDataClients reads an expression page by page with boto3 and the AWS CLI of version 1, which speak JSON, and with the one of
// version 2 as Debian has it, which speaks AWS Query.
func TestMetricDataClients(t *testing.T) {
	minute := time.Now().Add(-10 * time.Minute).Truncate(time.Minute).UTC()
	begin, end := minute.Format(time.RFC3339), minute.Add(5*time.Minute).Format(time.RFC3339)
	const queries = `[{"Id":"m1","MetricStat":{"Metric":{"Namespace":"clients","MetricName":"n","Dimensions":[{"Name":"az","Value":"a b"}]},"Period":60,"Stat":"Sum"},"ReturnData":false},` +
		`{"Id":"e1","Expression":"FILL(m1, 0) > 2 OR m1 == 1","Label":"of ${DATAPOINT_COUNT}"}]`
	programs := map[string]func(t *testing.T, url string) (string, []string){
		"boto3": func(t *testing.T, url string) (string, []string) {
			return sourcetest.Python(t, "boto3"), []string{"-c", metricDataScript, url, begin, end, queries}
		},
	}
	for _, version := range []string{"1", "2"} {
		programs["version "+version] = func(t *testing.T, url string) (string, []string) {
			path, _ := sourcetest.AWSCLI(t, version)
			return path, []string{
				"--endpoint-url", url, "--output", "json", "cloudwatch", "get-metric-data", "--start-time", begin, "--end-time", end,
				"--metric-data-queries", queries, "--scan-by", "TimestampAscending", "--page-size", "2",
			}
		}
	}
	for name, program := range programs {
		t.Run(name, func(t *testing.T) {
			url, _ := clientServer(t)
			path, args := program(t, url)
			t.Parallel()
			client := cloudwatch.New(cloudwatch.Options{BaseEndpoint: &url, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider(awsapitest.Key, awsapitest.Secret, "")})
			put := &cloudwatch.PutMetricDataInput{Namespace: aws.String("clients")}
			for i, v := range []float64{1, 3} {
				put.MetricData = append(put.MetricData, types.MetricDatum{
					MetricName: aws.String("n"), Dimensions: []types.Dimension{{Name: aws.String("az"), Value: aws.String("a b")}},
					Timestamp: aws.Time(minute.Add(time.Duration(2*i) * time.Minute)), Value: &v,
				})
			}
			if _, err := client.PutMetricData(t.Context(), put); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), path, args...)
			cmd.Env = append(awsapitest.Environ(t), "AWS_DEFAULT_REGION=us-east-1")
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			var got struct {
				MetricDataResults []struct {
					ID     string `json:"Id"`
					Label  string
					Values []float64
				}
			}
			if err := json.Unmarshal(out, &got); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			var values []float64
			for _, r := range got.MetricDataResults {
				if r.ID != "e1" || r.Label != "of 5" {
					t.Errorf("%+v", r)
				}
				values = append(values, r.Values...)
			}
			if diff := cmp.Diff([]float64{1, 0, 1, 0, 0}, values); diff != "" || len(got.MetricDataResults) != 3 {
				t.Errorf("%d results: %s", len(got.MetricDataResults), diff)
			}
		})
	}
}

// metricDataScript prints the results of all pages.
const metricDataScript = `
import boto3, json, sys
url, begin, end, queries = sys.argv[1:]
pages = boto3.client("cloudwatch", endpoint_url=url).get_paginator("get_metric_data").paginate(
    MetricDataQueries=json.loads(queries), StartTime=begin, EndTime=end, ScanBy="TimestampAscending", MaxDatapoints=2)
print(json.dumps({"MetricDataResults": [r for page in pages for r in page["MetricDataResults"]]}, default=str))
`
