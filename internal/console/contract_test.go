package console

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
)

var update = flag.Bool("update", false, "write the contract files anew")

// contractDir holds real answers of the API as TypeScript files.
const contractDir = "../../web/tests/contract"

// contract are the answers that stand for the API: with every case of null, text
// for a large number, absent field and problem.
var contract = []struct {
	name, typ, read string
	params          url.Values
}{
	{"status", "Status", "status", nil},
	{"following", "Following", "following", nil},
	{"fields", "Fields", "fields", nil},
	{"fields-tgw", "Fields", "fields", url.Values{"kind": {"tgw"}}},
	{"series", "Series", "series", url.Values{"by": {"action"}, "limit": {"2"}, "step": {"60"}}},
	{"series-absent", "Series", "series", url.Values{"by": {"action"}, "measure": {"records"}, "step": {"600"}}},
	{"series-plain", "Series", "series", url.Values{"step": {"600"}}},
	{"totals", "Totals", "totals", url.Values{"step": {"120"}, "measure": {"packets"}}},
	{"top", "Top", "top", url.Values{"by": {"dstport"}, "limit": {"3"}}},
	{"top-refused", "Top", "top", url.Values{"by": {"my-field"}, "refused": {"true"}}},
	{"records", "Records", "records", url.Values{"limit": {"4"}}},
	{"records-tgw", "Records", "records", url.Values{"kind": {"tgw"}}},
	{"check", "Check", "check", url.Values{"where": {"dstport = 22"}}},
	{"check-problem", "Check", "check", url.Values{"where": {"dstport = x"}}},
	{"complete", "Completions", "complete", url.Values{"text": {"tcp-fl"}, "offset": {"6"}}},
	{"failure", "Failure", "series", url.Values{"measure": {"colour"}}},
	{"failure-filter", "Failure", "series", url.Values{"where": {"nofield = 1"}}},
}

// TestContract writes answers of the API as constants of the types that the page
// has for them. The TypeScript compiler then refuses a member that is missing, one
// that is too many, and one of another type; this test refuses a file that is not
// what the API answers now. Run it with -update after a change of the API.
func TestContract(t *testing.T) {
	h := New(testDeps(t))
	for _, tc := range contract {
		_, body := get(t, h, "/api/v1/"+tc.read+"?"+tc.params.Encode())
		checkContract(t, tc.name, tc.typ, fewFields(t, tc.typ, body))
	}
	d := testDeps(t)
	d.Status = func(context.Context) (Status, error) { return Status{}, nil }
	empty := New(d)
	_, body := get(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		empty.ServeHTTP(w, r.WithContext(withUser(r.Context(), "ada")))
	}), "/api/v1/status")
	checkContract(t, "status-empty", "Status", []byte(body))
	event := eventOf(Commit{At: time.Unix(t0, 0), Kind: flowlog.KindVPC, Records: 17})
	_, data, _ := strings.Cut(event, "data: ")
	checkContract(t, "commit", "Commit", []byte(data))
}

// TestContractOfQueries does the same with what people ask and save.
func TestContractOfQueries(t *testing.T) {
	h := New(askingDeps(t, &fakeLanguage{}))
	for _, tc := range []struct{ name, typ, method, path, body string }{
		{"languages", "Languages", "GET", "languages", ""},
		{"query", "QueryAnswer", "POST", "query", `{"language":"fake","text":"types","to":1767225900}`},
		{"query-failure", "Failure", "POST", "query", `{"language":"fake","text":"SELECT foo"}`},
		{"saved-query", "SavedQuery", "POST", "queries", `{"name":"n","language":"fake","text":"rows 1","chart":{"kind":"bar","x":"a","values":["n"],"order":"value"}}`},
		{"saved-queries", "Documents", "GET", "queries", ""},
		{"dashboard", "Dashboard", "POST", "dashboards", `{"name":"n","range":{"from":1,"to":2},"panels":[{"title":"p","language":"fake","text":"rows 1","chart":{"kind":"line","x":"a","series":"s","values":["n"],"time":true,"stacked":true,"unit":"bytes"},"width":6,"height":2}]}`},
		{"dashboard-empty", "Dashboard", "POST", "dashboards", `{"name":"n","range":{"last":"24h","until":"now"}}`},
		{"dashboard-ready", "Dashboard", "GET", "dashboards/ready-flow-logs", ""},
	} {
		body := send(t, h, tc.method, "/api/v1/"+tc.path, tc.body).Body.String()
		// What is drawn by lot is the same each time here.
		body = regexp.MustCompile(`"(id|result)":"[0-9a-zA-Z]{26}"`).ReplaceAllString(body, `"$1":"abcdefghijklmnopqrstuvwxyz"`)
		checkContract(t, tc.name, tc.typ, []byte(body))
	}
}

// TestContractOfWatching does the same with alarms and contributors.
func TestContractOfWatching(t *testing.T) {
	w := newWatched(t)
	w.fill()
	w.rule(2)
	w.at(400)
	w.do(w.alarms.Silence(t.Context(), "ssh/refused", (t0+4000)*1000))
	w.behind = &Behind{
		From: t0, To: t0 + 180, Groups: []string{"/weir/flow-logs"}, Matched: 1 << 60, Sources: []Counted{{"192.0.2.6", "scanner", 7}}, Targets: []Counted{{"10.0.0.2", "", 12}},
		Says: []string{"refused is in ALARM since 2026-01-01 00:05:00 UTC: by hand"}, Next: []string{"weir why 192.0.2.6 10.0.0.2"},
	}
	bounds := fmt.Sprintf("&from=%d&to=%d", t0, t0+360)
	for _, tc := range []struct{ name, typ, path string }{
		{"alarms", "Alarms", "alarms"},
		{"alarm", "AlarmDetail", "alarm?name=ssh/refused"},
		{"alarm-composite", "AlarmDetail", "alarm?name=any"},
		{"alarm-values", "AlarmValues", "alarm-values?name=ssh/refused" + bounds},
		{"alarm-values-composite", "AlarmValues", "alarm-values?name=any" + bounds},
		{"alarm-values-log", "AlarmValues", "alarm-values?name=query" + bounds},
		{"alarm-behind", "AlarmBehind", "alarm-behind?name=ssh/refused"},
		{"alarm-behind-never", "AlarmBehind", "alarm-behind?name=share"},
		{"rules", "Rules", "rules"},
		{"contributors", "Contributors", "contributors?rule=refused" + bounds},
		{"contributors-ready", "Contributors", "contributors?rule=top-refused-ports" + bounds},
	} {
		_, body := get(t, w.h, "/api/v1/"+tc.path)
		body = regexp.MustCompile(`"result":"[0-9a-zA-Z]{26}"`).ReplaceAllString(body, `"result":"abcdefghijklmnopqrstuvwxyz"`)
		checkContract(t, tc.name, tc.typ, []byte(body))
	}
	silenced := send(t, w.h, "POST", "/api/v1/silence", `{"name":"ssh/refused","until":0}`).Body
	checkContract(t, "silence", "AlarmHead", silenced.Bytes())
}

// fewFields leaves one field of each sort in the answer of fields, so that the files
// do not change with each word of the table of fields.
func fewFields(t *testing.T, typ, body string) []byte {
	t.Helper()
	if typ != "Fields" {
		return []byte(body)
	}
	var answer fieldsAnswer
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	kept := []string{"srcaddr", "end", "traffic_path", "tgw_id", "weir_hour", "weir_unknown", "src_service", "dst_port_name", "my-field"}
	answer.Fields = slices.DeleteFunc(answer.Fields, func(f fieldAnswer) bool { return !slices.Contains(kept, f.Name) })
	for i := range answer.Fields {
		answer.Fields[i].Meaning = "What it means."
	}
	few, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	return few
}

// checkContract compares an answer with its file, or writes it.
func checkContract(t *testing.T, name, typ string, body []byte) {
	t.Helper()
	var answer bytes.Buffer
	if err := json.Indent(&answer, bytes.TrimSpace(body), "", "  "); err != nil {
		t.Fatalf("%s: %v: %s", name, err, body)
	}
	want := fmt.Sprintf("// Code generated by TestContract of internal/console. DO NOT EDIT.\n"+
		"import type { %[1]s } from \"../../src/api/types.ts\";\n\nexport default %[2]s satisfies %[1]s;\n", typ, &answer)
	path := filepath.Join(contractDir, name+".ts")
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: run go test ./internal/console -update", err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s: the file is not what the API answers, run go test ./internal/console -update: -API +file:\n%s", name, diff)
	}
}
