package lab

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/sharedtest"
)

// aptGet stands for apt-get: it says how it was called, what policy-rc.d answers, and what PostgreSQL's packages would read.
const aptGet = `#!/bin/sh
echo "apt-get $* ($DEBIAN_FRONTEND)" >> "$SAID"
[ "$1" = install ] || exit 0
/usr/sbin/policy-rc.d haproxy start
echo "policy-rc.d: $?" >> "$SAID"
grep -v '^#' /etc/postgresql-common/createcluster.d/weir-lab.conf >> "$SAID"
[ ! -e /mnt/policy ] || echo "/mnt is another" >> "$SAID"
exit ${FAILS:-0}
`

// envInstall says that this test's program is in a mount namespace of its own.
const envInstall = "WEIR_TEST_INSTALL"

// TestInstall installs by an apt-get of its own, over folders of its own.
func TestInstall(t *testing.T) {
	sharedtest.NeedRoot(t)
	if os.Getenv(envInstall) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestInstall$", "-test.v")
		cmd.Env = append(os.Environ(), envInstall+"=1")
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
		out, err := cmd.CombinedOutput()
		if errors.Is(err, os.ErrPermission) {
			sharedtest.NotRun(t, "a mount namespace can't be made here: %v", err)
		}
		if err != nil || !strings.Contains(string(out), "--- PASS: TestInstall") {
			t.Errorf("%v: %s", err, out)
		}
		return
	}
	if err := errors.Join(
		syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""), syscall.Mount("tmpfs", "/etc", "tmpfs", 0, ""), syscall.Mount("tmpfs", "/usr/sbin", "tmpfs", 0, ""),
	); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, fails string
		packages    []string
		left        map[string]string // of one that was killed, or of others
		want, err   string
	}{
		{"all", "0", []string{"haproxy", "postgresql", "xrdp"}, nil, `apt-get update -q (noninteractive)
apt-get install -y -q --no-install-recommends haproxy postgresql xrdp (noninteractive)
policy-rc.d: 101
create_main_cluster = false
systemctl disable haproxy.service xrdp.service xrdp-sesman.service
`, ""},
		{"after one that was killed", "0", []string{"postgresql"}, map[string]string{policyFile: "", clusters + "/weir-lab.conf": noCluster}, `apt-get update -q (noninteractive)
apt-get install -y -q --no-install-recommends postgresql (noninteractive)
policy-rc.d: 101
create_main_cluster = false
`, ""},
		{"a failure", "1", []string{"redis-server"}, nil, `apt-get update -q (noninteractive)
apt-get install -y -q --no-install-recommends redis-server (noninteractive)
policy-rc.d: 101
`, "exit status 1"},
	} {
		for name, text := range tc.left {
			if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
		folder := t.TempDir()
		for name, text := range map[string]string{"apt-get": aptGet, "systemctl": "#!/bin/sh\necho \"systemctl $*\" >> \"$SAID\"\n"} {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		t.Setenv("SAID", filepath.Join(folder, "said"))
		t.Setenv("FAILS", tc.fails)
		t.Setenv("PATH", folder+":/usr/bin:/bin")
		var log strings.Builder
		err := Install(t.Context(), tc.packages, &log)
		said, read := os.ReadFile(filepath.Join(folder, "said"))
		if diff := cmp.Diff(tc.want, string(said)); diff != "" || read != nil {
			t.Errorf("%s: %v %s %s", tc.name, read, diff, log.String())
		}
		if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
			t.Errorf("%s: %v", tc.name, err)
		}
		for _, dir := range []string{"/usr/sbin", "/etc"} { // nothing is left
			if left, err := filepath.Glob(dir + "/*/*/*"); err != nil || len(left) > 0 {
				t.Errorf("%s: %v %v", tc.name, left, err)
			}
		}
		if _, err := os.Stat(policyFile); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: %s is there: %v", tc.name, policyFile, err)
		}
	}
}

// TestOthersPolicy leaves what others have put there.
func TestOthersPolicy(t *testing.T) {
	name := filepath.Join(t.TempDir(), "policy-rc.d")
	if err := os.WriteFile(name, []byte("#!/bin/sh\nexit 104\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	undo, err := put(name, "")
	if err == nil {
		err = undo()
	}
	if data, read := os.ReadFile(name); err != nil || read != nil || string(data) != "#!/bin/sh\nexit 104\n" {
		t.Errorf("%q %v %v", data, err, read)
	}
}

func TestInstallSteps(t *testing.T) {
	want := []string{
		"apt-get update", "apt-get install --no-install-recommends postgresql xrdp",
		"no service is started: /usr/sbin/policy-rc.d forbids it for as long as that takes, to apt-get alone",
		"no PostgreSQL cluster is made: /etc/postgresql-common/createcluster.d/weir-lab.conf says so for as long as that takes",
		"none is started at boot: systemctl disable xrdp.service xrdp-sesman.service",
	}
	if diff := cmp.Diff(want, InstallSteps([]string{"postgresql", "xrdp"})); diff != "" {
		t.Error(diff)
	}
	if got := InstallSteps([]string{"nftables"}); len(got) != 3 {
		t.Errorf("%q", got)
	}
}

// TestFindings has what is there, and how what is missing is mended.
func TestFindings(t *testing.T) {
	if f := finding("haproxy", "haproxy", "/usr/sbin/haproxy", "note", ""); f.State != "ok" || f.Found != "/usr/sbin/haproxy" || f.Do != "" {
		t.Errorf("%+v", f)
	}
	if f := finding("redis", "redis-server", "", "note", "; so"); f.State != "note" || f.Found != "not installed; so" || !strings.Contains(f.Do, "apt-get install --no-install-recommends redis-server") {
		t.Errorf("%+v", f)
	}
	t.Setenv("PATH", t.TempDir())
	t.Setenv(envS3, "")
	found, works := Examine()
	if !slices.ContainsFunc(found, func(f Finding) bool {
		return f.Name == "versitygw" && f.State == "note" && strings.Contains(f.Do, envS3)
	}) {
		t.Errorf("no word of S3: %+v", found)
	}
	for _, tool := range tools {
		if !slices.ContainsFunc(found, func(f Finding) bool {
			return f.Name == tool.name && f.State == "missing" && strings.Contains(f.Do, tool.of)
		}) {
			t.Errorf("%s is not missing", tool.name)
		}
	}
	if got := MissingPackages(); works || !slices.Contains(got, "iproute2") || !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) {
		t.Errorf("%v %q", works, got)
	}
}
