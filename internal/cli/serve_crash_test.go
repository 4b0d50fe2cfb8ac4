package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/accesskey"
	"weir/internal/app"
)

// TestServeCrash kills a server with SIGKILL while clients put events over HTTP and log groups are made and changed.
// Each time it serves again, each event that it acknowledged is found once by a query, no other event is
// found twice or without those that were put with it, and log groups are as it acknowledged. In the end the
// lake has the flow log records among the events, once.
func TestServeCrash(t *testing.T) {
	x := newServeCrash(t)
	early := 0
	for run := range *kills {
		if x.random.IntN(4) == 0 { // while it starts
			p := x.start()
			time.AfterFunc(time.Duration(x.random.IntN(400))*time.Millisecond, func() { _ = p.Process.Kill() })
			x.killed(p)
			early++
		}
		p := x.serve()
		x.check(run - 1)
		x.use(p, run)
		x.killed(p)
	}
	p := x.serve()
	for run := range *kills {
		x.check(run)
	}
	x.checkLake()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil {
		t.Error(err)
	}
	puts := 0
	for _, of := range x.puts {
		puts += len(of)
	}
	t.Logf("%d kills, and %d at the start; %d Puts acknowledged, %d log groups, seed %d", *kills, early, puts, len(x.groups), *crashSeed)
}

// crashPut is a Put of a run.
type crashPut struct{ client, n int }

// events returns how many events a Put has.
func (p crashPut) events() int { return 1 + p.n*7%20 }

// message returns an event of a Put: a flow log record, or other text.
func (p crashPut) message(run, event int, at int64) string {
	if event%5 == 4 {
		return fmt.Sprintf(`{"eni": "eni-%d.", "client": %d, "put": %d, "event": %d}`, run, p.client, p.n, event)
	}
	return fmt.Sprintf("2 123456789012 eni-%d. 10.0.%d.%d 10.1.0.1 %d 443 6 1 840 %d %d ACCEPT OK", run, p.client, event, p.n, at, at+59)
}

// crashGroup is what is known of a log group.
type crashGroup struct {
	Retention int
	Format    string
}

// serveCrash is a data directory whose server is killed.
type serveCrash struct {
	t      *testing.T
	random *rand.Rand
	server awsServer
	began  time.Time
	puts   map[int]map[crashPut]bool // those that were acknowledged, by run
	// groups are as acknowledged, by name; unsure is how one may be that was being changed, nil in it says
	// that it may not be there.
	groups map[string]crashGroup
	unsure map[string]*crashGroup
	flags  []string // of the server
}

const crashClients = 4

func newServeCrash(t *testing.T) *serveCrash {
	t.Helper()
	x := &serveCrash{
		t: t, random: rand.New(rand.NewPCG(*crashSeed, 6)), began: time.Now(),
		server: awsServer{data: filepath.Join(t.TempDir(), "data"), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: crashClients}}},
		puts:   map[int]map[crashPut]bool{}, groups: map[string]crashGroup{}, unsure: map[string]*crashGroup{},
	}
	var err error
	if x.server.key, err = accesskey.Create(x.server.data, "crash", "", []string{"logs:*"}, x.began); err != nil {
		t.Fatal(err)
	}
	p := x.serve()
	x.server.done(t, "CreateLogGroup", object{"logGroupName": "events"})
	mustCall(t, "--data", x.server.data, "logs", "format", "events", "default")
	x.groups["events"] = crashGroup{Format: flowlog.DefaultFormat(flowlog.KindVPC).String()}
	for client := range crashClients {
		x.server.done(t, "CreateLogStream", object{"logGroupName": "events", "logStreamName": fmt.Sprint(client)})
	}
	_ = p.Process.Kill()
	x.killed(p)
	return x
}

// start starts a server as a process of its own.
func (x *serveCrash) start() *process {
	x.t.Helper()
	p := &process{Cmd: exec.Command("weir-hasty", append([]string{"--data", x.server.data, "serve", "--listen", "127.0.0.1:0"}, x.flags...)...), err: &strings.Builder{}}
	p.Stderr = p.err
	out, err := p.StdoutPipe()
	if err == nil {
		err = p.Start()
	}
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() { _ = p.Process.Kill() })
	p.out = bufio.NewReader(out)
	return p
}

// serve starts a server and waits until it answers.
func (x *serveCrash) serve() *process {
	x.t.Helper()
	p := x.start()
	line, err := p.out.ReadString('\n')
	_, rest, found := strings.Cut(line, "weir is at ")
	if err != nil || !found {
		x.t.Fatalf("no server: %q %v\n%s", line, err, p.err)
	}
	x.server.url, _, _ = strings.Cut(rest, " ")
	return p
}

// killed waits for a server that is killed.
func (x *serveCrash) killed(p *process) {
	x.t.Helper()
	exit := (*exec.ExitError)(nil)
	if err := p.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		x.t.Fatalf("the server ended by itself: %v\n%s", err, p.err)
	}
	x.server.client.CloseIdleConnections()
}

// use puts events and changes log groups, and kills the server meanwhile.
func (x *serveCrash) use(p *process, run int) {
	x.t.Helper()
	var wg sync.WaitGroup
	acknowledged := make(chan crashPut)
	ctx := context.Background()
	for client := range crashClients {
		wg.Go(func() {
			for n := 0; ; n++ {
				put, at := crashPut{client, n}, time.Now().Unix()
				var events []object
				for i := range put.events() {
					events = append(events, object{"timestamp": at * 1000, "message": put.message(run, i, at)})
				}
				status, out, err := x.server.try(ctx, "PutLogEvents", object{"logGroupName": "events", "logStreamName": fmt.Sprint(client), "logEvents": events}, x.server.key, time.Now())
				if err != nil {
					return // it is killed
				}
				if status != http.StatusOK || out["rejectedLogEventsInfo"] != nil {
					x.t.Errorf("a Put is answered by %d %v", status, out)
					return
				}
				acknowledged <- put
			}
		})
	}
	wg.Go(func() { x.change(ctx, run) })
	go func() {
		wg.Wait()
		close(acknowledged)
	}()
	x.puts[run] = map[crashPut]bool{}
	until, after := 1+x.random.IntN(80), time.Duration(x.random.IntN(20_000))*time.Microsecond
	for put := range acknowledged {
		x.puts[run][put] = true
		if len(x.puts[run]) == until {
			time.AfterFunc(after, func() { _ = p.Process.Kill() })
		}
	}
	if len(x.puts[run]) < until { // no client goes on
		_ = p.Process.Kill()
	}
}

// change makes, changes and deletes log groups until the server is gone. Formats are set by a command, the rest over
// HTTP.
func (x *serveCrash) change(ctx context.Context, run int) {
	x.unsure = map[string]*crashGroup{}
	for n := 0; ; n++ {
		name := fmt.Sprintf("group-%d-%d", run, n)
		g := crashGroup{}
		// step does a step, and reports whether it was acknowledged.
		step := func(operation string, in object) bool {
			in["logGroupName"] = name
			status, out, err := x.server.try(ctx, operation, in, x.server.key, time.Now())
			if err == nil && status != http.StatusOK {
				x.t.Errorf("%s is answered by %d %v", operation, status, out)
			}
			return err == nil && status == http.StatusOK
		}
		x.unsure[name] = &crashGroup{}
		if !step("CreateLogGroup", object{}) {
			return
		}
		x.groups[name] = g
		g.Retention = 30
		x.unsure[name] = &g
		if !step("PutRetentionPolicy", object{"retentionInDays": g.Retention}) {
			return
		}
		x.groups[name] = g
		formatted := crashGroup{g.Retention, "${version} ${action}"}
		x.unsure[name] = &formatted
		if call(ctx, "--data", x.server.data, "logs", "format", name, formatted.Format).Code != exitOK {
			return
		}
		x.groups[name] = formatted
		if n%3 == 2 {
			x.unsure[name] = nil
			if !step("DeleteLogGroup", object{}) {
				return
			}
			delete(x.groups, name)
		}
		delete(x.unsure, name)
	}
}

// check asks the server for the events of a run, and for all log groups.
func (x *serveCrash) check(run int) {
	x.t.Helper()
	x.checkGroups()
	if run < 0 {
		return
	}
	found := map[crashPut]map[int]int{}
	for _, message := range x.query(fmt.Sprintf("fields @message | filter strcontains(@message, 'eni-%d.')", run)) {
		var put crashPut
		var event, r int
		if _, err := fmt.Sscanf(message, "2 123456789012 eni-%d. 10.0.%d.%d 10.1.0.1 %d", &r, &put.client, &event, &put.n); err != nil {
			var text struct{ Client, Put, Event int }
			if err := json.Unmarshal([]byte(message), &text); err != nil {
				x.t.Fatalf("an event that nobody put: %q", message)
			}
			put, event = crashPut{text.Client, text.Put}, text.Event
		}
		if found[put] == nil {
			found[put] = map[int]int{}
		}
		found[put][event]++
	}
	for put := range x.puts[run] {
		if found[put] == nil {
			x.t.Errorf("run %d: %v was acknowledged and is lost", run, put)
		}
	}
	for put, events := range found {
		if len(events) != put.events() {
			x.t.Errorf("run %d: of %v there are %d events of %d", run, put, len(events), put.events())
		}
		for event, times := range events {
			if times != 1 {
				x.t.Errorf("run %d: event %d of %v is there %d times", run, event, put, times)
			}
		}
	}
}

// query returns the first column of a query's rows.
func (x *serveCrash) query(text string) []string {
	x.t.Helper()
	started := x.server.done(x.t, "StartQuery", object{
		"logGroupName": "events", "startTime": x.began.Unix() - 60, "endTime": time.Now().Unix() + 60, "queryString": text, "limit": 10_000,
	})
	for {
		got := x.server.done(x.t, "GetQueryResults", object{"queryId": started["queryId"]})
		switch got["status"] {
		case "Scheduled", "Running":
			continue
		case "Complete":
		default:
			x.t.Fatalf("the query is %v", got["status"])
		}
		var out []string
		for _, row := range got["results"].([]any) {
			out = append(out, row.([]any)[0].(object)["value"].(string))
		}
		if len(out) == 10_000 {
			x.t.Fatal("there are more events than a query returns")
		}
		return out
	}
}

// checkGroups compares the log groups with what was acknowledged.
func (x *serveCrash) checkGroups() {
	x.t.Helper()
	var listed []app.LogGroup
	unmarshal(x.t, mustCall(x.t, "--data", x.server.data, "logs", "groups", "--json"), &listed)
	got := map[string]crashGroup{}
	for i := range listed {
		if listed[i].Kind == "store" {
			got[listed[i].Name] = crashGroup{listed[i].RetentionDays, listed[i].Format}
		}
	}
	for name, may := range x.unsure { // the step that nobody knows of may have been done
		is, there := got[name]
		switch {
		case there && may != nil && is == *may:
			x.groups[name] = is
		case !there && may == nil:
			delete(x.groups, name)
		}
	}
	if diff := cmp.Diff(x.groups, got); diff != "" {
		x.t.Errorf("log groups (-acknowledged +there):\n%s", diff)
	}
	x.unsure = map[string]*crashGroup{}
}

// checkLake compares the flow log records among the events with those of the lake, once it has as many.
func (x *serveCrash) checkLake() {
	x.t.Helper()
	want := map[string]int{}
	for run := range x.puts {
		for _, message := range x.query(fmt.Sprintf("fields @message | filter strcontains(@message, 'eni-%d.')", run)) {
			if f := strings.Fields(message); f[0] == "2" {
				want[strings.Join([]string{f[2], f[3], f[5]}, ",")]++
			}
		}
	}
	var got map[string]int
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		rows := strings.Fields(mustCall(x.t, "--data", x.server.data, "query", "--format", "csv", "--max-rows", "1000000", "SELECT interface_id, srcaddr, srcport FROM vpc_flow_logs"))[1:]
		got = map[string]int{}
		for _, row := range rows {
			got[row]++
		}
		if len(rows) >= len(want) {
			break
		}
	}
	if !maps.Equal(want, got) {
		x.t.Errorf("the lake has %d records of %d; (-events +lake):\n%.2000s", len(got), len(want), cmp.Diff(want, got))
	}
	if len(want) < 10**kills {
		x.t.Errorf("only %d records", len(want))
	}
	mustCall(x.t, "--data", x.server.data, "lake", "check")
}
