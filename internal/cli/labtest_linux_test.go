package cli

import (
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"weir/internal/awsapi/awsapitest"
	"weir/internal/sharedtest"
	"weir/labtest"
)

// TestLabtest does what labtest's example does, with this weir. It runs itself in namespaces of its own.
func TestLabtest(t *testing.T) {
	t.Parallel() // it waits for windows
	if os.Getenv("WEIR_TEST_INSIDE") != "" {
		useLab(t)
		return
	}
	sharedtest.NeedRoot(t)
	const own = `mount --make-rprivate / && mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns && ip link set lo up && exec "$0" -test.run '^TestLabtest$' -test.v`
	cmd := exec.CommandContext(t.Context(), "sh", "-c", own, os.Args[0])
	cmd.Env = append(os.Environ(), "WEIR_TEST_INSIDE=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	switch {
	case err != nil && os.Getenv("WEIR_CI") != "1" && !strings.Contains(string(out), "=== RUN"):
		sharedtest.NotRun(t, "namespaces can't be made here: %v: %s", err, out)
	case err != nil:
		t.Errorf("%v\n%s", err, out)
	case strings.Contains(string(out), "--- SKIP"):
		sharedtest.NotRun(t, "%s", out)
	}
}

// useLab does what labtest's example does, and asks an API with the lab's credentials.
func useLab(t *testing.T) {
	t.Helper()
	lab := labtest.Up(t, labtest.Options{})
	if out, code := lab.Exec(t, "client", "bash", "-c", "echo > /dev/tcp/"+lab.Host(t, "web-a").Public+"/80"); code != 0 {
		t.Errorf("%d %s", code, out)
	}
	if _, code := lab.Exec(t, "web-a", "sh", "-c", "exit 7"); code != 7 {
		t.Errorf("exit code %d", code)
	}
	if all := lab.Run(t, "inbound-reject-by-group"); len(all) != 1 || len(all[0].Rows) != 1 || all[0].Became[0] != "nothing" {
		t.Error(all)
	}
	rows := lab.QueryUntil(t, "SELECT DISTINCT action FROM vpc_flow_logs WHERE dstport = 80 AND interface_id = 'eni-web-a'", func(rows [][]string) bool { return len(rows) > 0 })
	if len(rows) != 1 || rows[0][0] != "ACCEPT" {
		t.Error(rows)
	}
	answer, err := http.Get(lab.Endpoints["console"] + "healthz")
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("%s: %v", answer.Status, err)
	}
	var at aws.Config
	at.BaseEndpoint, at.Region, at.RetryMaxAttempts, at.HTTPClient = aws.String(lab.Endpoints["logs"]), lab.Credentials.Region, 1, awsapitest.NewSDKClient(nil)
	at.Credentials = credentials.NewStaticCredentialsProvider(lab.Credentials.AccessKeyID, lab.Credentials.SecretAccessKey, "")
	if _, err := cloudwatchlogs.NewFromConfig(at).CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("mine")}); err != nil {
		t.Error(err)
	}
}
