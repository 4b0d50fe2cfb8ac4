package ec2

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/source"
	"weir/internal/source/s3"
	"weir/internal/source/sourcetest"
)

// testAccess is a login that needs nothing of the machine.
func testAccess(endpoint string) s3.Access {
	return s3.Access{
		EndpointURL: endpoint,
		MaxAttempts: 1,
		Env:         map[string]string{"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-west-1"},
	}
}

const (
	defaultFormat = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}"
	customFormat  = "${srcaddr} ${dstaddr} ${bytes} ${flow-direction}"
)

// TestFlowLogsMoto describes flow logs that were made in moto by EC2's own API.
func TestFlowLogsMoto(t *testing.T) {
	access := testAccess(sourcetest.StartMoto(t))
	client := awsec2.New(awsec2.Options{
		BaseEndpoint: aws.String(access.EndpointURL), Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
	})
	vpc, err := client.CreateVpc(t.Context(), &awsec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")})
	if err != nil {
		t.Fatal(err)
	}
	// A bucket for each: moto takes no folder behind it.
	makeBucket(t, access.EndpointURL, "logs-all")
	makeBucket(t, access.EndpointURL, "logs-reject")
	create := func(traffic types.TrafficType, format string, interval int32) string {
		in := &awsec2.CreateFlowLogsInput{
			ResourceIds: []string{*vpc.Vpc.VpcId}, ResourceType: types.FlowLogsResourceTypeVpc, TrafficType: traffic,
			LogDestinationType: types.LogDestinationTypeS3, LogDestination: aws.String("arn:aws:s3:::logs-" + strings.ToLower(string(traffic))),
			MaxAggregationInterval: aws.Int32(interval),
		}
		if format != "" {
			in.LogFormat = &format
		}
		out, err := client.CreateFlowLogs(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		if len(out.FlowLogIds) != 1 {
			t.Fatalf("made no flow log: %s", aws.ToString(out.Unsuccessful[0].Error.Message))
		}
		return out.FlowLogIds[0]
	}
	all, custom := create(types.TrafficTypeAll, "", 600), create(types.TrafficTypeReject, customFormat, 60)

	t.Run("all", func(t *testing.T) {
		logs, err := FlowLogs(t.Context(), Config{Access: access})
		if err != nil {
			t.Fatal(err)
		}
		formats, err := source.Formats(logs)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for id, f := range formats {
			got[id] = f.String()
		}
		if diff := cmp.Diff(map[string]string{all: defaultFormat, custom: customFormat}, got); diff != "" {
			t.Errorf("formats (-want +got):\n%s", diff)
		}
	})
	t.Run("some, one of them unknown", func(t *testing.T) {
		logs, err := FlowLogs(t.Context(), Config{Access: access, IDs: []string{"fl-00000000000000000", custom, custom}})
		if err != nil {
			t.Fatal(err)
		}
		if len(logs) != 1 {
			t.Fatalf("%+v; want one flow log", logs)
		}
		want := source.FlowLog{
			ID: custom, LogFormat: customFormat, ResourceID: *vpc.Vpc.VpcId, TrafficType: "REJECT",
			DestinationType: "s3", Destination: "arn:aws:s3:::logs-reject", Interval: 60,
			FileFormat: logs[0].FileFormat, // moto leaves it out
		}
		if diff := cmp.Diff(want, logs[0]); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// makeBucket makes a bucket in moto: CreateFlowLogs looks for it.
func makeBucket(t *testing.T, endpoint, name string) {
	t.Helper()
	body := `<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>`
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, endpoint+"/"+name, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=a/20260302/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=0")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("bucket: %s", resp.Status)
	}
}

// server answers with one function of the request's form.
func server(t *testing.T, handle func(w http.ResponseWriter, form url.Values)) s3.Access {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		handle(w, r.PostForm)
	}))
	t.Cleanup(srv.Close)
	return testAccess(srv.URL)
}

// TestFlowLogsPages follows the tokens of pages, in the order of ids, and reads
// every member that EC2's API reference names.
func TestFlowLogsPages(t *testing.T) {
	page := func(item, next string) string {
		return `<DescribeFlowLogsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId><flowLogSet><item>` +
			item + `</item></flowLogSet>` + next + `</DescribeFlowLogsResponse>`
	}
	access := server(t, func(w http.ResponseWriter, form url.Values) {
		if form.Get("NextToken") == "" {
			_, _ = io.WriteString(w, page(`<flowLogId>fl-2</flowLogId><resourceId>tgw-0123456789abcdef0</resourceId>
				<logDestinationType>s3</logDestinationType><logDestination>arn:aws:s3:::b/</logDestination><logFormat>${srcaddr} ${tgw-id}</logFormat>
				<maxAggregationInterval>60</maxAggregationInterval><destinationOptions><fileFormat>parquet</fileFormat>
				<hiveCompatiblePartitions>true</hiveCompatiblePartitions><perHourPartition>true</perHourPartition></destinationOptions>`,
				`<nextToken>more</nextToken>`))
			return
		}
		_, _ = io.WriteString(w, page(`<flowLogId>fl-1</flowLogId><resourceId>eni-1</resourceId><trafficType>ALL</trafficType>
			<logDestinationType>cloud-watch-logs</logDestinationType><logGroupName>/vpc</logGroupName><deliverLogsErrorMessage>Access error</deliverLogsErrorMessage>`, ""))
	})
	got, err := FlowLogs(t.Context(), Config{Access: access})
	if err != nil {
		t.Fatal(err)
	}
	want := []source.FlowLog{
		{ID: "fl-1", ResourceID: "eni-1", TrafficType: "ALL", DestinationType: "cloud-watch-logs", Destination: "/vpc", DeliveryError: "Access error"},
		{
			ID: "fl-2", ResourceID: "tgw-0123456789abcdef0", DestinationType: "s3", Destination: "arn:aws:s3:::b/",
			LogFormat: "${srcaddr} ${tgw-id}", Interval: 60, FileFormat: "parquet", Hive: true, PerHour: true,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got[1].Kind() != flowlog.KindTGW || got[0].Kind() != flowlog.KindVPC {
		t.Errorf("kinds %s, %s; want vpc, tgw", got[0].Kind(), got[1].Kind())
	}
}

func TestFlowLogsAsksInBatches(t *testing.T) {
	var batches []int
	access := server(t, func(w http.ResponseWriter, form url.Values) {
		n := 0
		for form.Get(fmt.Sprintf("Filter.1.Value.%d", n+1)) != "" {
			n++
		}
		if form.Get("Filter.1.Name") != "flow-log-id" {
			t.Errorf("filter %q", form.Get("Filter.1.Name"))
		}
		batches = append(batches, n)
		_, _ = io.WriteString(w, `<DescribeFlowLogsResponse><flowLogSet/></DescribeFlowLogsResponse>`)
	})
	var ids []string
	for i := range 2*batchIDs + 1 {
		ids = append(ids, fmt.Sprintf("fl-%017x", i))
	}
	if _, err := FlowLogs(t.Context(), Config{Access: access, IDs: ids}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{batchIDs, batchIDs, 1}, batches); diff != "" {
		t.Errorf("batches (-want +got):\n%s", diff)
	}
}

func TestFlowLogsFaults(t *testing.T) {
	tests := []struct {
		status              int
		code, message, hint string
		want                source.Code
	}{
		{403, "UnauthorizedOperation", "You are not authorized to perform this operation.", `"Action": "ec2:DescribeFlowLogs"`, source.Denied},
		{400, "RequestExpired", "Request has expired.", "aws sso login", source.ExpiredCredentials},
		{401, "AuthFailure", "AWS was not able to validate the provided access credentials", "get-caller-identity", source.BadCredentials},
		{503, "RequestLimitExceeded", "Request limit exceeded.", "run again later", source.Throttled},
	}
	for _, tt := range tests {
		t.Run(tt.code, func(t *testing.T) {
			access := server(t, func(w http.ResponseWriter, _ url.Values) {
				w.WriteHeader(tt.status)
				fmt.Fprintf(w, `<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>r-1</RequestID></Response>`, tt.code, tt.message)
			})
			_, err := FlowLogs(t.Context(), Config{Access: access})
			var f *source.Fault
			if !errors.As(err, &f) || f.Code != tt.want || !strings.Contains(f.Hint, tt.hint) || !strings.Contains(err.Error(), tt.message) {
				t.Errorf("error %v, hint %q; want %q with hint %q", err, f.Hint, tt.want, tt.hint)
			}
		})
	}
}

func TestFlowLogsWithoutRegion(t *testing.T) {
	access := testAccess("http://127.0.0.1:9")
	delete(access.Env, "AWS_REGION")
	_, err := FlowLogs(t.Context(), Config{Access: access})
	var f *source.Fault
	if !errors.As(err, &f) || f.Code != source.WrongRegion || !strings.Contains(f.Hint, "AWS_REGION") {
		t.Errorf("error %v; want one about the region", err)
	}
}
