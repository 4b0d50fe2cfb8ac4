package s3

import "testing"

// TestObjectURL compares with the address of AWS's example of get-flow-logs-integration-template, and with those of other services.
func TestObjectURL(t *testing.T) {
	const key = "VPCFlowLogsIntegrationTemplate_fl-1234567890abcdef0_Wed Jul 21 00:57:56 UTC 2021.yml"
	const escaped = "VPCFlowLogsIntegrationTemplate_fl-1234567890abcdef0_Wed%20Jul%2021%2000%3A57%3A56%20UTC%202021.yml"
	for _, c := range []struct {
		region, endpoint string
		pathStyle        bool
		key, want        string
	}{
		{"us-east-2", "", false, key, "https://amzn-s3-demo-bucket.s3.us-east-2.amazonaws.com/" + escaped},
		{"cn-north-1", "", false, "a/b+c", "https://amzn-s3-demo-bucket.s3.cn-north-1.amazonaws.com.cn/a/b%2Bc"},
		{"us-east-1", "http://127.0.0.1:9000", false, "a/" + key, "http://127.0.0.1:9000/amzn-s3-demo-bucket/a/" + escaped},
		{"us-east-1", "https://s3.example.org/", false, "é", "https://amzn-s3-demo-bucket.s3.example.org/%C3%A9"},
		{"us-east-1", "https://s3.example.org", true, "k", "https://s3.example.org/amzn-s3-demo-bucket/k"},
	} {
		s := &Source{config: Config{Access: Access{EndpointURL: c.endpoint}, Bucket: "amzn-s3-demo-bucket", PathStyle: c.pathStyle}, region: c.region}
		if got := s.ObjectURL(c.key); got != c.want {
			t.Errorf("%s; want %s", got, c.want)
		}
	}
}
