package cli

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"weir/internal/sharedtest"

	"github.com/google/go-cmp/cmp"
)

// labScript builds labs, runs all scenarios, breaks what was built, and takes it away. What it prints is compared: a line for each step.
const labScript = `
set -u
mount --make-rprivate / && mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns && ip link set lo up || exit 77
lab() { weir lab --dir "$DIR" "$@"; }
left() { # what is left of a lab
	for e in /proc/[0-9]*/environ; do { tr '\0' '\n' < "$e" | grep -qx "WEIR_LAB=$DIR"; } 2> /dev/null && echo "process $e"; done
	ls /run/netns
	ls -d "$DIR" 2> /dev/null
	ls /dev/shm; tail -n +2 /proc/sysvipc/shm
	ip -br link show | grep -v '^lo '
	nft list ruleset
}
trap 'lab down > /dev/null 2>&1' EXIT
mount -t tmpfs tmpfs /dev/shm

echo "== down without a lab: $(lab down)"
lab run --all 2>&1 | sed 's/^/== run without a lab: /'
lab shell web-a true 2>&1 | sed 's/^/== shell without a lab: /'

lab up -q --interval 5s --listen 127.0.0.1:8787 > up.txt || exit 1
head -n 1 up.txt | sed 's/^/== up: /'
lab status --json | sed 's#"dir": "[^"]*"#"dir": "/elsewhere"#' > up.json
lab up -q 2>&1 | sed 's/^/== up again: /'
for c in up down status; do weir lab --dir "$DIR-other" $c 2>&1 | sed "s#$DIR#DIR#; s/^/== $c elsewhere: /"; done
lab run --all --pages pages > run.txt
echo "== run: exit $?, $(tail -n 1 run.txt)"
grep 'not run: ' run.txt >&2
lab messages ssh-none 2>&1 | sed 's/^/== messages: /'
lab messages --csv | cut -d , -f 2- | sort | sed 's/^/== messages: /'
grep -q '^FAILED' run.txt && cat run.txt

# A scenario of one's own, which has somebody be an end in the internet besides.
cat > mine.yaml <<EOF
shows: who is an end in the internet by weir lab shell has its address
before: [[lab, --dir, $DIR, shell, attacker, bash, -c, 'timeout 1 bash -c "echo > /dev/tcp/198.51.100.10/4711"; true']]
traffic: [{from: client, to: web-a, tcp: 4711, then: nothing}]
question: SELECT DISTINCT srcaddr FROM vpc_flow_logs WHERE dstport = 4711 ORDER BY 1
answer: [[203.0.113.10], [203.0.113.200]]
EOF
lab run ./mine.yaml 2> told.txt | tail -n 1 | sed 's/^/== run of a file: /'
sed 's/ [0-9]*m*s until/ SOME until/; s/^/== run of a file: /' told.txt
sed 's/web-a/web-x/' mine.yaml > lost.yaml
lab run lost.yaml 2>&1 | sed 's/there are.*/ALL/; s/^/== run of a lost host: /'
sed 's/DISTINCT/DISTNCT/' mine.yaml > typo.yaml
lab run -q typo.yaml | grep -o 'Referenced column.*' | sed 's/^/== run of a mistake: /'
# What a scenario has made before its traffic is taken away also where the run is told to end.
weir alarm list --data "$DIR/data" > alarms.txt 2>&1
weir lab --dir "$DIR" run rdp-brute-force-alarm > ended.txt 2>&1 &
run=$!
until grep -q 'waiting for messages' ended.txt || ! kill -0 $run; do sleep 0.01; done
kill -STOP $run # the minute may be over at any moment, and the run with it
weir alarm list --data "$DIR/data" | grep -c rdp-brute | sed 's/^/== alarms of a run: /'
kill -TERM $run; kill -CONT $run; wait $run
weir alarm list --data "$DIR/data" 2>&1 | cmp - alarms.txt && echo "== alarms after its end: as before, $(tail -n 1 ended.txt)"
lab run my.yaml 2>&1 | sed 's/^/== run of no file: /'

# A run ends, or is killed, while it has changed the lab: what it has changed is taken back, by itself or by the next one.
cp "$DIR/network.yaml" before.yaml; cp "$DIR/lab.yaml" .
changes() { cmp "$DIR/network.yaml" before.yaml; ls -d "$DIR/before" /run/netns/weir-lab-zeta 2> /dev/null; lab shell vpc -- ip rule | grep -c zeta; }
begin() {
	weir lab --dir "$DIR" run same-subnet-past-acl > /dev/null 2>&1 &
	run=$!
	until [ -e /run/netns/weir-lab-zeta ] || ! kill -0 $run; do sleep 0.01; done
}
begin
kill -TERM $run; wait $run
echo "== changes after an end: $(changes)"
begin
kill -STOP $run
lab run inbound-reject-by-group 2>&1 | sed 's/^/== run beside a run: /'
kill -9 $run; wait $run 2> /dev/null
lab status | sed -n '2s/^/== status after a kill: /p'
lab run inbound-reject-by-group | tail -n 1 | sed 's/^/== run after a kill: /'
echo "== changes after a kill: $(changes)"
lab shell app-a -- ip -br -4 addr show dev eth0 | sed 's/@if[0-9]*//; s/  */ /g; s/ *$//; s/^/== shell: /'
lab shell client bash -c 'exec 3<> /dev/tcp/198.51.100.10/80; printf "GET / HTTP/1.0\r\n\r\n" >&3; tail -n 1 <&3' | sed 's/^/== shell: /'
lab shell nobody 2>&1 | head -n 1 | sed 's/attacker,.*talker-9$/ENDS/' | sed 's/^/== shell: /'
kill -9 $(lab status --json | sed -n '/"processes"/,$p' | tr -d ' \n' | sed 's/.*"pid":\([0-9]*\),"role":"agent".*/\1/')
until lab status | grep -q half; do sleep 0.05; done
lab status | head -n 2 | sed 's/^/== status without an agent: /'
lab up -q 2>&1 | sed 's/^/== up then: /'
lab shell nobody 2>&1 | grep -c 'no such host' | sed 's/^/== shell without an agent: /'
lab down | sed "s#$DIR#DIR#; s/removed [0-9]*/removed SOME/; s/^/== down: /"
left

# What is in the way is said before anything is made, and what was made is taken away by who is told to end.
lab up -q --listen 192.0.2.77:8787 2>&1 | sed 's/^/== up at a lost address: /'
mkdir small && mount -t tmpfs -o size=3m tmpfs small
weir lab --dir "$PWD/small/lab" up -q 2>&1 | sed "s#$PWD#PWD#; s/^/== up on a full disk: /"
umount small
mkdir own && cp before.yaml own/network.yaml && sed -i 's/198.51.100.20/198.51.100.10/' own/network.yaml && cp lab.yaml own/lab.yaml
lab up -q --definition own/lab.yaml 2>&1 | sed 's/^/== up with a clash: /'
weir lab --dir "$DIR" up > ended.txt 2>&1 &
up=$!
until [ -e /run/netns/weir-lab-vpc ] || ! kill -0 $up; do sleep 0.001; done
kill -TERM $up
wait $up
echo "== up that is ended: exit $?, $(tail -n 1 ended.txt)"
left

# Half-built: up is killed as soon as there is a namespace, or what comes later.
for at in /run/netns/weir-lab-vpc "$DIR/data" "$DIR/hosts" "$DIR/serve.log"; do
	weir lab --dir "$DIR" up -q > /dev/null 2>&1 &
	up=$!
	until [ -e "$at" ] || ! kill -0 $up; do sleep 0.001; done
	kill -9 $up
	wait $up 2> /dev/null
	lab up -q 2>&1 | sed 's/built to its end/BUILT/; s/^/== up after kill: /' | head -n 1
	lab shell web-a true 2>&1 | sed 's/built to its end/BUILT/; s/^/== shell after kill: /' | head -n 1
	lab down > /dev/null && left
done
mkdir "$DIR" && touch "$DIR/mine" && lab up -q 2>&1 | sed "s#$DIR#DIR#; s/^/== up in a folder: /"
lab down | sed 's/^/== down: /'
ls "$DIR"; rm -r "$DIR"
mkdir "$DIR" && touch "$DIR/mine" && cp up.json "$DIR/lab.json" # as weir lab up --json > lab.json makes it
lab down 2>&1 | sed "s#$DIR#DIR#g; s/^/== down in a folder: /"
ls "$DIR"; rm -r "$DIR"
echo 'hosts: {web: {}}' > bad.yaml; cp bad.yaml network.yaml
lab up -q --definition bad.yaml > bad.txt 2>&1
echo "== up of no definition: exit $?"
left
ip netns add weir-lab-old
lab up -q 2>&1 | sed "s#$DIR#DIR#; s/^/== up beside an old one: /"
lab down | sed "s#$DIR#DIR#; s/^/== down: /"
left
# Without PostgreSQL, whether it is installed or not.
if [ -d /usr/lib/postgresql ]; then mount -t tmpfs tmpfs /usr/lib/postgresql; fi
lab up -q --interval 5s --listen 127.0.0.1:8787 | grep -o 'rds (postgresql), redshift (postgresql)\|only answer with a line.*' | sed 's/^/== up without PostgreSQL: /'
lab run managed-interfaces > run.txt
echo "== run without PostgreSQL: exit $?"
sed '2d; s/^/== run without PostgreSQL: /' run.txt
begin
lab down > /dev/null
wait $run 2> /dev/null
echo "== run beside a down: exit $?"
left
weir lab doctor | grep -A 1 '^note *postgresql' | sed 's/^/== doctor without PostgreSQL: /'
weir lab doctor --install 2>&1 < /dev/null | tail -n 1 | sed 's/^/== doctor without a yes: /'
weir lab doctor --yes 2>&1 | head -n 1 | sed 's/^/== doctor: /'
PATH=$(dirname "$(command -v weir)") weir lab --dir "$DIR" up -q 2>&1 | /usr/bin/head -n 1 | /usr/bin/sed 's/^/== up without tools: /'
PATH=$(dirname "$(command -v weir)") weir lab doctor > doctor.txt
echo "== doctor without tools: exit $?, $(grep '^missing *nft' doctor.txt)"
`

const labWant = `== down without a lab: there was no lab
== run without a lab: weir: no lab is up
== run without a lab: hint: 'weir lab up' builds one
== shell without a lab: weir: no lab is up
== shell without a lab: hint: 'weir lab up' builds one
== up: lab: up
== up again: weir: a lab is up already
== up again: hint: 'weir lab status' shows it
== up again: hint: 'weir lab down' takes it away
== up elsewhere: weir: building a lab in DIR-other
== up elsewhere: weir: the lab of this machine has another folder, DIR
== up elsewhere: hint: --dir names it
== down elsewhere: weir: the lab of this machine has another folder, DIR
== down elsewhere: hint: --dir names it
== status elsewhere: weir: the lab of this machine has another folder, DIR
== status elsewhere: hint: --dir names it
== run: exit 0, ALL scenarios are as expected
== messages: weir: no message has come
== messages: ALARM,203.0.113.200
== messages: ALARM,203.0.113.200
== messages: state,source
== run of a file: 1 of 1 scenarios are as expected
== run of a file: weir: sending the traffic of 1 at once
== run of a file: weir: waiting SOME until the window with the traffic is over
== run of a file: weir: asking what the records say, for 30s at most
== run of a lost host: weir: no scenario: lost.yaml: line 3, column 11: step 1, tcp:4711 from client to web-x: there is no host web-x
== run of a lost host: hint: docs/howto/build-a-lab.md says what a scenario has
== run of a mistake: Referenced column "DISTNCT" not found in FROM clause!
== alarms of a run: 1
== alarms after its end: as before, weir: ended by signal
== run of no file: weir: open my.yaml: no such file or directory
== changes after an end: 0
== run beside a run: weir: scenarios are run in this lab already
== run beside a run: hint: run them when those are over
== run beside a run: hint: 'weir lab down' ends them with the lab
== status after a kill:      changed by a run that was killed; the next 'weir lab run' takes it back
== run after a kill: 1 of 1 scenarios are as expected
== changes after a kill: 0
== shell: eth0 UP 10.0.2.10/32
== shell: web-a
== shell: weir: no such host: there is no host nobody; there are vpc, internet, vpc-partner, vpc-shared, tgw, alb, app-a, cache, db-b, files, idle, nat, partner, rds, redshift, shop-a, shop-b, web-a, web-b, workspace, ENDS
== status without an agent: lab: half-built
== status without an agent:      there is no process agent; 'weir lab down' takes away what there is of it
== up then: weir: a lab is half-built: there is no process agent
== up then: hint: 'weir lab down' takes away what there is of it
== shell without an agent: 1
== down: removed SOME processes, 20 namespaces and DIR
== up at a lost address: weir: a lab can't be built here: weir serve can't listen at 192.0.2.77:8787: weir serve without TLS listens at loopback addresses alone
== up at a lost address: hint: --listen 127.0.0.1:9000 takes another address
== up on a full disk: weir: a lab can't be built here: no space left: the file system of PWD/small/lab has 3 MB left, and a lab takes 100 MB
== up on a full disk: hint: --dir DIR takes a folder elsewhere
== up with a clash: weir: no definition of a lab: own/network.yaml: line 21, column 103: 198.51.100.10 is that of eni-web-a and of eni-web-b
== up with a clash: hint: docs/howto/build-a-lab.md and docs/reference/network-yaml.md say what a definition has
== up that is ended: exit 1, weir: ended by signal
== up after kill: weir: a lab is half-built: it was not BUILT
== shell after kill: weir: a lab is half-built: it was not BUILT
== up after kill: weir: a lab is half-built: it was not BUILT
== shell after kill: weir: a lab is half-built: it was not BUILT
== up after kill: weir: a lab is half-built: it was not BUILT
== shell after kill: weir: a lab is half-built: it was not BUILT
== up after kill: weir: a lab is half-built: it was not BUILT
== shell after kill: weir: a lab is half-built: it was not BUILT
== up in a folder: weir: a lab can't be built here: DIR has other files, and a lab's folder is removed with it
== up in a folder: hint: --dir DIR takes a folder that is empty, or not there
== down: there was no lab
mine
== down in a folder: weir: the folder is no lab's: DIR: its lab.json is of a lab in /elsewhere
== down in a folder: hint: --dir DIR names that of 'weir lab up'; nothing was removed
lab.json
mine
== up of no definition: exit 2
== up beside an old one: weir: a lab is half-built: there are 1 namespaces weir-lab-* and 0 processes, and no lab in DIR
== up beside an old one: hint: 'weir lab down' takes away what there is of it
== down: removed 0 processes, 1 namespaces and DIR
== up without PostgreSQL: rds (postgresql), redshift (postgresql)
== up without PostgreSQL: only answer with a line, since what they run is not installed; 'sudo weir lab doctor --install' installs it
== run without PostgreSQL: exit 0
== run without PostgreSQL: -      managed-interfaces
== run without PostgreSQL:   not run: rds has a simple listener in place of PostgreSQL, which is not installed
== run without PostgreSQL: 0 of 1 scenarios are as expected, and 1 were not run: 'sudo weir lab doctor' says what is missing
== run beside a down: exit 137
== doctor without PostgreSQL: note     postgresql     not installed; hosts that run it get a simple listener, and scenarios that need it are not run
== doctor without PostgreSQL:                         to do: sudo weir lab doctor --install; or apt-get install --no-install-recommends postgresql, which may start it
== doctor without a yes: hint: --yes installs without asking
== doctor: weir: --yes is of --install
== up without tools: weir: a lab can't be built here: there is no ip; on Debian: apt install iproute2
== doctor without tools: exit 1, missing  nft            not installed
`

// countOfScenarios is what weir lab run prints at its end.
var countOfScenarios = regexp.MustCompile(`exit 0, (\d+) of (\d+) scenarios are as expected(, and (\d+) were not run: .*)?`)

// TestLab builds labs in namespaces of its own, with the processes that a user has.
func TestLab(t *testing.T) {
	t.Parallel() // it waits for windows
	sharedtest.NeedRoot(t)
	for _, tool := range []string{"ip", "nft", "bash", "mount"} {
		if _, err := exec.LookPath(tool); err != nil && os.Getenv("WEIR_CI") != "1" {
			t.Skipf("not run: %v", err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", labScript)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "DIR="+t.TempDir()+"/lab", "LC_ALL=C")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWIPC}
	var log strings.Builder
	cmd.Stderr = &log
	out, err := cmd.Output()
	failed, ended := errors.AsType[*exec.ExitError](err)
	if (errors.Is(err, os.ErrPermission) || ended && failed.ExitCode() == 77) && os.Getenv("WEIR_CI") != "1" {
		sharedtest.NotRun(t, "namespaces can't be made here: %v: %s", err, log.String())
	}
	if err != nil {
		t.Fatalf("%v: %s\n%s", err, out, log.String())
	}
	t.Logf("stderr: %s", log.String())
	got := countOfScenarios.ReplaceAllStringFunc(string(out), func(text string) string {
		m := countOfScenarios.FindStringSubmatch(text)
		if m[3] != "" && os.Getenv("WEIR_CI") != "1" {
			t.Logf("%s scenarios were not run: %s", m[4], log.String())
			return "exit 0, ALL scenarios are as expected"
		}
		if m[1] == m[2] {
			return "exit 0, ALL scenarios are as expected"
		}
		return text
	})
	if diff := cmp.Diff(labWant, got); diff != "" {
		t.Error(diff)
	}
	comparePages(t, filepath.Join(cmd.Dir, "pages"))
}
