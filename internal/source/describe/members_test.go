package describe

import (
	"encoding/json"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/netmodel"
	"weir/internal/sharedtest"
	"weir/internal/source/sourcetest"
)

// TestMembers compares the members of all answers, at any depth, with those that the AWS
// CLI's own description of the services has: names, and what kind of value each is.
func TestMembers(t *testing.T) {
	python := sourcetest.Program(t, "python3", "apt install python3")
	if err := exec.CommandContext(t.Context(), python, "-c", "import botocore").Run(); err != nil {
		sharedtest.NotRun(t, "botocore is not installed (pip install awscli)")
	}
	cmd := exec.CommandContext(t.Context(), python, "testdata/members.py")
	var in strings.Builder
	for _, o := range operations {
		in.WriteString(o.cli + " " + o.name + "\n")
	}
	cmd.Stdin, cmd.Stderr = strings.NewReader(in.String()), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var theirs map[string]map[string]string // by operation and path
	if err := json.Unmarshal(out, &theirs); err != nil {
		t.Fatal(err)
	}
	count := 0
	for i := range operations {
		o := &operations[i]
		want := theirs[o.cli+" "+o.name]
		got := map[string]string{}
		members(t, got, "", o.out, nil)
		if len(want) < 2 || len(got) < 2 {
			t.Errorf("%s: %d members, %d of the CLI's", o.command(), len(got), len(want))
		}
		for path, kind := range want {
			if got[path] != kind {
				t.Errorf("%s: %s is %q; want %q", o.command(), path, got[path], kind)
			}
			count++
		}
	}
	t.Logf("%d members of %d answers", count, len(operations))
}

// always are members that AWS always sends.
var always = []string{
	// A listener has one; it is from 1 on.
	".LoadBalancerDescriptions[].ListenerDescriptions[].Listener.LoadBalancerPort",
}

// members notes the kinds of all members of a type by their paths. Where a type is within
// itself it stops.
func members(t *testing.T, out map[string]string, path string, typ reflect.Type, within []reflect.Type) {
	t.Helper()
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	switch {
	case typ == reflect.TypeFor[time.Time]():
		out[path] = "timestamp"
	case typ.Kind() == reflect.Struct:
		out[path] = "structure"
		if slices.Contains(within, typ) {
			return
		}
		for f := range typ.Fields() {
			if !f.IsExported() || f.Name == "ResultMetadata" {
				continue
			}
			if k := f.Type.Kind(); k != reflect.Pointer && k != reflect.Slice && k != reflect.Map && k != reflect.String && !slices.Contains(always, path+"."+f.Name) {
				t.Errorf("%s.%s is a %s: nobody can tell zero from absent", path, f.Name, f.Type)
			}
			members(t, out, path+"."+f.Name, f.Type, append(within, typ))
		}
	case typ.Kind() == reflect.Slice:
		out[path] = "list"
		members(t, out, path+"[]", typ.Elem(), within)
	case typ.Kind() == reflect.Map:
		out[path] = "map"
	case typ.Kind() == reflect.String:
		out[path] = "string"
	case typ.Kind() == reflect.Bool:
		out[path] = "boolean"
	default:
		out[path] = "number"
	}
}

// TestKnown checks that definitions are read, or known to be not read yet, from each answer.
func TestKnown(t *testing.T) {
	subjects := map[string]string{
		"DescribeManagedPrefixLists": "pl-0123456789abcdef0", "DescribeTransitGatewayRouteTables": "tgw-rtb-0123456789abcdef0",
		"DescribeLoadBalancers": "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/a/0123456789abcdef",
		"DescribeTargetGroups":  "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/a/0123456789abcdef",
	}
	for _, o := range operations {
		empty := reflect.New(o.out).Elem()
		for i := range empty.NumField() {
			switch f := empty.Field(i); {
			case o.out.Field(i).Name == "NextToken" || !f.CanSet():
			case f.Kind() == reflect.Slice:
				f.Set(reflect.MakeSlice(f.Type(), 0, 0))
			case f.Kind() == reflect.Pointer && f.Type().Elem().Kind() == reflect.Struct:
				f.Set(reflect.New(f.Type().Elem()))
				if account := f.Elem().FieldByName("AwsAccountId"); account.IsValid() { // AWS has no such answer without it
					account.Set(reflect.ValueOf(new("111122223333")))
					f.Elem().FieldByName("AwsRegion").Set(reflect.ValueOf(new("eu-west-1")))
				}
			}
		}
		data, err := encode(empty.Addr().Interface(), o.beside, subjects[o.of])
		if err != nil || len(data) < len(`{"X":[]}`) {
			t.Fatalf("%s: %s: %v", o.command(), data, err)
		}
		loaded, err := netmodel.LoadDocuments([]netmodel.Document{{Name: o.file("eu-west-1", subjects[o.of]), Data: data}})
		if err != nil || len(loaded.Problems) > 0 {
			t.Errorf("%s: %v", o.command(), err)
		}
	}
}

// TestPolicy compares the policy and the list of calls in the documentation with what is
// called.
func TestPolicy(t *testing.T) {
	page, err := os.ReadFile("../../../docs/howto/import-a-network-from-aws.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```json\n(.*?)```").FindSubmatch(page)
	if block == nil {
		t.Fatal("the page has no policy")
	}
	var policy struct {
		Version   string
		Statement []struct {
			Sid, Effect string
			Action      []string
			Resource    string
		}
	}
	if err := json.Unmarshal(block[1], &policy); err != nil {
		t.Fatal(err)
	}
	if len(policy.Statement) != 1 || policy.Statement[0].Effect != "Allow" || policy.Statement[0].Resource != "*" {
		t.Fatalf("%+v; want one statement that allows on *", policy)
	}
	var want, rows []string
	for _, o := range Operations() {
		want = append(want, o.Action)
		rows = append(rows, "| `aws "+o.Command+"` | `"+o.Action+"` |")
	}
	slices.Sort(want)
	want = slices.Compact(want)
	if diff := cmp.Diff(want, policy.Statement[0].Action); diff != "" {
		t.Errorf("actions (-called +policy):\n%s", diff)
	}
	if diff := cmp.Diff(rows, regexp.MustCompile("(?m)^\\| `aws .*$").FindAllString(string(page), -1)); diff != "" {
		t.Errorf("calls (-called +page):\n%s", diff)
	}
	for _, action := range want {
		if _, name, _ := strings.Cut(action, ":"); !regexp.MustCompile(`^(Describe|Get|Search)[A-Z]`).MatchString(name) {
			t.Errorf("%s is not known to change nothing", action)
		}
	}
}
