package destination

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"weir/internal/agent/config"
)

// TestStore has keys of all forms, and the same bytes twice, beside others under the name that they would have.
func TestStore(t *testing.T) {
	slot := time.Date(2026, 6, 16, 0, 5, 0, 0, time.UTC)
	for _, tc := range []struct {
		hive, hourly, parquet bool
		want                  string
	}{
		{false, false, false, "AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/06/16/123456789012_vpcflowlogs_us-east-1_fl-1_20260616T0005Z_ba7816bf.log.gz"},
		{false, true, true, "AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/06/16/00/123456789012_vpcflowlogs_us-east-1_fl-1_20260616T0005Z_ba7816bf.log.parquet"},
		{true, false, true, "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/month=06/day=16/123456789012_vpcflowlogs_us-east-1_fl-1_20260616T0005Z_ba7816bf.log.parquet"},
		{true, true, false, "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/month=06/day=16/hour=00/123456789012_vpcflowlogs_us-east-1_fl-1_20260616T0005Z_ba7816bf.log.gz"},
	} {
		dir := t.TempDir()
		l := &config.FlowLog{ID: "fl-1", Account: "123456789012", Region: "us-east-1", Destination: dir, Hive: tc.hive, Hourly: tc.hourly, Parquet: tc.parquet}
		for range 2 {
			got, err := store(l, slot, []byte("abc")) // SHA-256 of FIPS 180-2's first example begins with ba7816bf
			if want := filepath.Join(dir, tc.want); err != nil || got != want {
				t.Errorf("%s: %v, want %s", got, err, want)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, tc.want), []byte("other"), 0o600); err != nil {
			t.Fatal(err)
		}
		other, err := store(l, slot, []byte("abc"))
		have, readErr := os.ReadFile(other)
		if err != nil || readErr != nil || other == filepath.Join(dir, tc.want) || string(have) != "abc" {
			t.Errorf("%s: %v, %v: %q", other, err, readErr, have)
		}
		if was, err := os.ReadFile(filepath.Join(dir, tc.want)); err != nil || string(was) != "other" {
			t.Errorf("%q: %v", was, err)
		}
		if left, err := os.ReadDir(filepath.Join(dir, partFolder)); err != nil || len(left) > 0 {
			t.Errorf("%v are left: %v", left, err)
		}
	}
}

// TestPublishTakesNoName has a name that a file has.
func TestPublishTakesNoName(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "x")
	for i, text := range []string{"first", "second"} {
		if err := publish(dir, name, []byte(text)); (err == nil) != (i == 0) || i == 1 && !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if have, err := os.ReadFile(name); err != nil || string(have) != "first" {
		t.Errorf("%q: %v", have, err)
	}
}

// TestSweep removes what is old, and what an agent may be writing is left.
func TestSweep(t *testing.T) {
	dir, now := t.TempDir(), time.Date(2026, 6, 16, 0, 5, 0, 0, time.UTC)
	if err := Sweep(&config.FlowLog{Destination: dir}, now); err != nil {
		t.Errorf("nothing there: %v", err)
	}
	for name, age := range map[string]time.Duration{"old": 61 * time.Minute, "new": 59 * time.Minute} {
		path := filepath.Join(dir, partFolder, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600), os.Chtimes(path, now.Add(-age), now.Add(-age))); err != nil {
			t.Fatal(err)
		}
	}
	err := Sweep(&config.FlowLog{Destination: dir}, now)
	left, readErr := os.ReadDir(filepath.Join(dir, partFolder))
	if err != nil || readErr != nil || len(left) != 1 || left[0].Name() != "new" {
		t.Errorf("%v: %v, %v", left, err, readErr)
	}
}
