package cli

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"weir/internal/app"
)

// TestFollow keeps taking what comes to a folder, directly and beside a server,
// until Ctrl-C.
func TestFollow(t *testing.T) {
	for name, served := range map[string]bool{"directly": false, "beside a server": true} {
		t.Run(name, func(t *testing.T) {
			logs, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
			if served {
				serveInProcess(t, data)
			}
			p := start(t, "--data", data, "open", "--follow", "--json", "--every", "100ms", logs)
			var first app.OpenReport
			nextJSON(t, p.out, &first)
			if first.Intake.Objects != 0 || first.Newest != nil {
				t.Errorf("the first report: %+v", first)
			}
			for i, text := range []string{"111122223333_vpcflowlogs_us-east-1_fl-0aaa_20260302T1100Z_00000002.log", "tgw.log"} {
				appear(t, filepath.Join(logs, text), serveLogs[text])
				var r struct {
					Objects, Records int64
					Newest           time.Time
				}
				nextJSON(t, p.out, &r)
				if r.Objects != 1 || r.Records != int64(2-i) || r.Newest.IsZero() {
					t.Errorf("%s: %+v", text, r)
				}
				// Another command sees it at once.
				a := call(t.Context(), "--data", data, "lake", "status", "--json")
				var st struct{ Objects map[string]int64 }
				if err := json.Unmarshal([]byte(a.Out), &st); err != nil || st.Objects["taken"] != int64(i+1) {
					t.Errorf("lake status: %v, %+v", err, a)
				}
			}
			if err := p.end(t, syscall.SIGINT); err != nil {
				t.Errorf("ended with %v\n%s", err, p.err)
			}
			if got := p.err.String(); got != "weir: looking for new objects every 100ms (end with Ctrl-C)\n" {
				t.Errorf("stderr: %q", got)
			}
		})
	}
}

// TestFollowForPeople checks what people see, and the exit code where something was
// wrong.
func TestFollowForPeople(t *testing.T) {
	logs, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	p := start(t, "--data", data, "open", "--follow", logs)
	next := func(want string) {
		t.Helper()
		if line, err := p.out.ReadString('\n'); err != nil || !strings.Contains(line, want) {
			t.Fatalf("%q, %v; want %q", line, err, want)
		}
	}
	next("0 objects, 0 B")
	next("taken           0 of 0 objects, 0 records in ")
	bad := "111122223333_vpcflowlogs_us-east-1_fl-0aaa_20260302T1000Z_00000001.log"
	appear(t, filepath.Join(logs, bad), serveLogs[bad])
	next("        1 object, 2 records, 1 bad line; newest record: 2026-03-02 ")
	next(bad + ": line 4, ")
	next("99999")
	appear(t, filepath.Join(logs, "notes.txt"), serveLogs["notes.txt"])
	next("no flow log     " + filepath.Join(logs, "notes.txt") + ": ")
	err := p.end(t, syscall.SIGTERM)
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != exitPartial {
		t.Errorf("ended with %v\n%s", err, p.err)
	}
}

// appear makes a file that is whole at once and that nobody wrote to for a while.
func appear(t *testing.T, path, text string) {
	t.Helper()
	part := filepath.Join(t.TempDir(), "part")
	old := time.Now().Add(-time.Hour)
	if err := errors.Join(os.WriteFile(part, []byte(text), 0o600), os.Chtimes(part, old, old), os.Rename(part, path)); err != nil {
		t.Fatal(err)
	}
}

// nextJSON reads a line of JSON.
func nextJSON(t *testing.T, r *bufio.Reader, v any) {
	t.Helper()
	line, err := r.ReadString('\n')
	if err == nil {
		err = json.Unmarshal([]byte(line), v)
	}
	if err != nil {
		t.Fatalf("%q: %v", line, err)
	}
}

// TestFollowBucket follows a bucket: new objects of the last 24 hours, those that
// come while it can't be listed, and no older ones.
func TestFollowBucket(t *testing.T) {
	awsEnv(t, "AKIDEXAMPLE", "secret")
	server := newBrokenS3(t, nil)
	now := time.Now().UTC()
	put := func(at time.Time, n int) {
		t.Helper()
		key := fmt.Sprintf("AWSLogs/111122223333/vpcflowlogs/us-east-1/%s/111122223333_vpcflowlogs_us-east-1_fl-0aaa_%s_%08d.log",
			at.Format("2006/01/02"), at.Truncate(5*time.Minute).Format("20060102T1504Z"), n)
		text := fmt.Sprintf("version srcaddr start\n2 10.0.0.%d %d\n", n, at.Unix())
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, server.url+"/"+testBucket+"/"+key, strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Body.Close(); resp.StatusCode != http.StatusOK {
			t.Fatal(resp.Status)
		}
	}
	put(now, 1)
	data := filepath.Join(t.TempDir(), "data")
	p := start(t, "--data", data, "open", "--follow", "--json", "--every", "100ms", "--endpoint-url", server.url, "s3://"+testBucket+"/AWSLogs/")
	var r struct {
		Objects, Records int64
		Back             bool
		Error            string
		Intake           struct{ Taken int64 }
	}
	next := func() {
		t.Helper()
		r.Objects, r.Records, r.Back, r.Error = 0, 0, false, ""
		nextJSON(t, p.out, &r)
	}
	if next(); r.Intake.Taken != 1 {
		t.Errorf("the first report: %+v", r)
	}
	put(now.AddDate(0, 0, -5), 2) // too old
	put(now, 3)
	if next(); r.Objects != 1 || r.Records != 1 {
		t.Errorf("a new object: %+v", r)
	}
	server.set(func(r *http.Request) (int, string) {
		if r.Method == http.MethodPut {
			return 0, ""
		}
		return http.StatusForbidden, s3Error("AccessDenied", "Access Denied", "")
	})
	if next(); !strings.Contains(r.Error, "access denied") || r.Back {
		t.Errorf("the bucket is denied: %+v", r)
	}
	put(now, 4)
	server.set(nil)
	if next(); !r.Back || r.Objects != 1 || r.Error != "" {
		t.Errorf("the bucket can be read again: %+v", r)
	}
	_ = p.end(t, syscall.SIGINT)
	if n := countRecords(t, data); n != 3 {
		t.Errorf("%d records, want 3", n)
	}
}
