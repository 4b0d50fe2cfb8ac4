package monitoring

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"weir/internal/awsapi"
	"weir/internal/awsapi/awsapitest"
	"weir/internal/source/sourcetest"
)

// alarmServer is a server with alarms on loopback for real clients, by the real clock.
func alarmServer(t *testing.T) string {
	t.Helper()
	s := newServer(t)
	s.now = time.Now()
	server := httptest.NewServer(awsapi.NewRouter(awsapitest.ByKey, s.api.Log, s.api.Service()))
	t.Cleanup(server.Close)
	return server.URL
}

// TestBoto3Alarms runs testdata/boto3_alarms.py.
func TestBoto3Alarms(t *testing.T) {
	python := sourcetest.Python(t, "boto3")
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), python, "testdata/boto3_alarms.py", alarmServer(t), awsapitest.Key, awsapitest.Secret).CombinedOutput()
	if err != nil || string(out) != "ok\n" {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestAWSCLIAlarms puts, describes and deletes alarms with the AWS CLI of both versions: one speaks JSON, the other AWS Query.
func TestAWSCLIAlarms(t *testing.T) {
	if os.Getenv("WEIR_CI") != "1" && os.Getenv("WEIR_CLIENTS") != "1" {
		t.Skip("each command takes one or two seconds: set WEIR_CLIENTS=1")
	}
	for _, version := range []string{"1", "2"} {
		t.Run("version "+version, func(t *testing.T) {
			path, _ := sourcetest.AWSCLI(t, version)
			t.Parallel()
			url := alarmServer(t)
			run := func(args ...string) (out, failed string) {
				t.Helper()
				cmd := exec.CommandContext(t.Context(), path, append([]string{"--endpoint-url", url, "--region", "eu-west-1", "--output", "json", "cloudwatch"}, args...)...)
				cmd.Env = awsapitest.Environ(t)
				var stdout, stderr strings.Builder
				cmd.Stdout, cmd.Stderr = &stdout, &stderr
				if cmd.Run() != nil {
					return stdout.String(), stderr.String()
				}
				return stdout.String(), ""
			}
			put := []string{
				"put-metric-alarm", "--alarm-name", "ssh", "--metric-name", "Attempts", "--namespace", "Weir", "--statistic", "Sum", "--period", "60", "--evaluation-periods", "1",
				"--threshold", "100", "--comparison-operator", "GreaterThanThreshold", "--alarm-actions", "arn:aws:sns:eu-west-1:123456789012:ops", "--dimensions", "Name=Source,Value=a b",
			}
			if _, failed := run(put...); failed != "" {
				t.Fatal(failed)
			}
			// Version 2 says how often it tried, between the operation and the message.
			if _, failed := run(append(put, "--datapoints-to-alarm", "2")...); !strings.Contains(failed, "(ValidationError) when calling the PutMetricAlarm operation") ||
				!strings.Contains(failed, ": DatapointsToAlarm must be less than or equal to EvaluationPeriods") {
				t.Error(failed)
			}
			out, failed := run("describe-alarms", "--alarm-names", "ssh")
			var got struct {
				MetricAlarms []struct {
					Threshold             float64
					Dimensions            []map[string]string
					AlarmActions          []string
					OKActions             []string
					StateUpdatedTimestamp any
				}
			}
			if err := json.Unmarshal([]byte(out), &got); err != nil || len(got.MetricAlarms) != 1 {
				t.Fatalf("%v %s %s", err, out, failed)
			}
			if a := got.MetricAlarms[0]; a.Threshold != 100 || a.Dimensions[0]["Value"] != "a b" || len(a.AlarmActions) != 1 || a.OKActions == nil || a.StateUpdatedTimestamp == nil {
				t.Errorf("%+v", a)
			}
			if _, failed := run("set-alarm-state", "--alarm-name", "none", "--state-value", "OK", "--state-reason", "x"); !strings.Contains(failed, "(ResourceNotFound) when calling the SetAlarmState operation") {
				t.Error(failed)
			}
			if _, failed := run("delete-alarms", "--alarm-names", "ssh"); failed != "" {
				t.Error(failed)
			}
		})
	}
}
