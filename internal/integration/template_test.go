package integration

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"weir/flowlog"
	"weir/internal/athenasql"
	"weir/internal/flowlogstore"
	"weir/internal/savedquery"
)

var now = time.Date(2021, 7, 21, 0, 57, 56, 0, time.UTC)

// date returns a time of 2021 in AWS's form.
func date(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// request returns a request about a flow log of the default format, changed.
func request(change func(*Request)) Request {
	r := Request{
		FlowLog: flowlogstore.FlowLog{
			ID: "fl-0af0b31dcb7649c1d", Created: time.Date(2021, 3, 31, 23, 59, 59, 0, time.UTC).UnixMilli(),
			Config: flowlogstore.Config{
				ResourceType: flowlogstore.VPC, TrafficType: "ALL", DestinationType: flowlogstore.S3, Destination: "arn:aws:s3:::amzn-s3-demo-bucket/prefix/",
				LogFormat: flowlog.DefaultFormat(flowlog.KindVPC).String(), FileFormat: flowlogstore.PlainText,
			},
		},
		Account: "123456789012", Region: "us-east-1", Now: now,
		Athena: []Athena{{ResultARN: "arn:aws:s3:::results/athena", Frequency: Daily}},
	}
	if change != nil {
		change(&r)
	}
	return r
}

// template is what a template says.
type template struct {
	Metadata struct {
		AthenaStatements []string `yaml:"AthenaStatements"`
	} `yaml:"Metadata"`
	Resources map[string]struct {
		Type       string         `yaml:"Type"`
		Properties map[string]any `yaml:"Properties"`
	} `yaml:"Resources"`
}

// made returns the template of a request.
func made(t *testing.T, r Request) template {
	t.Helper()
	text, err := Template(r)
	if err != nil {
		t.Fatal(err)
	}
	var out template
	if err := yaml.Load(text, &out); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return out
}

// at returns what stands at a path of properties.
func (t template) at(id string, path ...string) any {
	var v any = t.Resources[id].Properties
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	return v
}

// TestNames are those of AWS: the guide's, and those of real resources, fl0af0b31dcb7649c1ddaily2021041520210415WorkGroup among them.
func TestNames(t *testing.T) {
	fixed := func(r *Request) {
		r.Athena[0].Start, r.Athena[0].End = date(t, "2021-04-15T00:00:00Z"), date(t, "2021-04-15T23:00:00Z")
	}
	got := made(t, request(fixed))
	for _, c := range []struct {
		got  any
		want string
	}{
		{got.at("Database", "DatabaseInput", "Name"), "vpcflowlogsathenadatabasefl0af0b31dcb7649c1d"},
		{got.at("Table1", "TableInput", "Name"), "fl0af0b31dcb7649c1ddaily2021041520210415"},
		{got.at("WorkGroup1", "Name"), "fl0af0b31dcb7649c1ddaily2021041520210415WorkGroup"},
		{got.at("WorkGroup1", "WorkGroupConfiguration", "ResultConfiguration", "OutputLocation"), "s3://results/athena/"},
		{got.at("Table1", "TableInput", "Parameters", "projection.day.range"), "2021/04/15,2021/04/15"},
		{made(t, request(nil)).at("Table1", "TableInput", "Name"), "fl0af0b31dcb7649c1ddaily"},
		{made(t, request(nil)).at("Table1", "TableInput", "Parameters", "projection.day.range"), "2021/03/31,NOW"},
	} {
		if c.got != c.want {
			t.Errorf("%v; want %s", c.got, c.want)
		}
	}
}

// TestTable has Glue's table say what the statement says.
func TestTable(t *testing.T) {
	for name, change := range map[string]func(*Request){
		"text": nil,
		"Parquet in hours": func(r *Request) {
			r.FlowLog.FileFormat, r.FlowLog.PerHour = flowlogstore.Parquet, true
			r.FlowLog.LogFormat = "${region} ${end} ${start} ${tcp-flags} ${flow-direction}" // region is a key's name, too
		},
		"Hive": func(r *Request) { r.FlowLog.Hive = true },
	} {
		t.Run(name, func(t *testing.T) {
			got := made(t, request(change))
			parsed, err := athenasql.Parse(got.Metadata.AthenaStatements[1])
			if err != nil {
				t.Fatal(err)
			}
			create := parsed.(*athenasql.CreateTable)
			columns := func(v any) (out []string) {
				list, _ := v.([]any)
				for _, c := range list {
					c := c.(map[string]any)
					out = append(out, c["Name"].(string)+" "+c["Type"].(string))
				}
				return out
			}
			defined := func(list []athenasql.ColumnDef) (out []string) {
				for _, c := range list {
					out = append(out, c.Name.Text+" "+c.Type.Hive())
				}
				return out
			}
			if diff := cmp.Diff(defined(create.Columns), columns(got.at("Table1", "TableInput", "StorageDescriptor", "Columns"))); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(defined(create.PartitionBy), columns(got.at("Table1", "TableInput", "PartitionKeys"))); diff != "" {
				t.Error(diff)
			}
			if got.at("Table1", "TableInput", "StorageDescriptor", "Location") != "s3://amzn-s3-demo-bucket/prefix/AWSLogs/" {
				t.Error(got.at("Table1", "TableInput", "StorageDescriptor", "Location"))
			}
			parameters, _ := got.at("Table1", "TableInput", "Parameters").(map[string]any)
			for _, p := range create.Properties {
				if parameters[p.Key] != p.Value {
					t.Errorf("%s is %v; want %s", p.Key, parameters[p.Key], p.Value)
				}
			}
			if len(parameters) != len(create.Properties)+1 || parameters["projection.enabled"] != "true" {
				t.Error(parameters)
			}
		})
	}
}

// TestQueries has those queries whose fields the flow log has.
func TestQueries(t *testing.T) {
	all := made(t, request(func(r *Request) {
		r.FlowLog.LogFormat += " ${type} ${pkt-srcaddr} ${pkt-dstaddr} ${instance-id} ${subnet-id}"
	}))
	queries := func(of template) (out []string) {
		for _, r := range of.Resources {
			if r.Type == "AWS::Athena::NamedQuery" {
				out = append(out, r.Properties["Name"].(string))
			}
		}
		slices.Sort(out)
		return out
	}
	var want []string
	for _, q := range savedquery.All() {
		want = append(want, q.Name)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, queries(all)); diff != "" {
		t.Error(diff)
	}
	few := queries(made(t, request(func(r *Request) { r.FlowLog.LogFormat = "${srcaddr} ${dstaddr} ${bytes}" })))
	if diff := cmp.Diff([]string{"VpcFlowLogsTopTalkers", "VpcFlowLogsTotalBytesTransferred"}, few); diff != "" {
		t.Error(diff)
	}
	if text, _ := all.at("VpcFlowLogsTopTalkers1", "QueryString").(string); !strings.Contains(text, "FROM fl0af0b31dcb7649c1ddaily\n") {
		t.Error(text)
	}
}

// TestSeveral puts several integrations into one template; AWS's example has one twice.
func TestSeveral(t *testing.T) {
	got := made(t, request(func(r *Request) {
		past := Athena{"arn:aws:s3:::results", None, date(t, "2021-07-21T00:40:00Z"), date(t, "2021-07-21T00:42:00Z")}
		r.Athena = append(r.Athena, past, past)
	}))
	counts := map[string]int{}
	for _, r := range got.Resources {
		counts[r.Type]++
	}
	// Of 16 queries the default format has no fields for those about type, pkt-srcaddr and pkt-dstaddr (two each), and instance-id and subnet-id.
	want := map[string]int{"AWS::Glue::Database": 1, "AWS::Glue::Table": 2, "AWS::Athena::WorkGroup": 2, "AWS::Athena::NamedQuery": 2 * 10}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Error(diff)
	}
	if got.at("WorkGroup2", "Name") != "fl0af0b31dcb7649c1dnone2021072120210721WorkGroup" {
		t.Error(got.at("WorkGroup2", "Name"))
	}
}

// TestHiveRanges are exact, or refused: a projection has all days of all its months.
func TestHiveRanges(t *testing.T) {
	for _, c := range []struct{ start, end, want string }{
		{"2021-04-02", "2021-04-15", "2021,2021 04,04 02,15"},
		{"2021-04-01", "2021-06-30", "2021,2021 04,06 01,31"},
		{"2019-01-01", "2020-12-31", "2019,2020 01,12 01,31"},
		{"2021-04-02", "2021-05-15", ""},
		{"2020-12-01", "2021-01-31", ""},
	} {
		r := request(func(r *Request) {
			r.FlowLog.Hive = true
			r.Athena[0].Start, r.Athena[0].End = date(t, c.start+"T00:00:00Z"), date(t, c.end+"T10:00:00Z")
		})
		if c.want == "" {
			_, err := Template(r)
			if err == nil || !strings.Contains(err.Error(), "InvalidParameter: fl-0af0b31dcb7649c1d can't be integrated with Athena: partitions of Hive-compatible folders are projected for days of one month") {
				t.Errorf("%s to %s: %v", c.start, c.end, err)
			}
			continue
		}
		got := made(t, r)
		var ranges []string
		for _, k := range []string{"year", "month", "day"} {
			ranges = append(ranges, got.at("Table1", "TableInput", "Parameters", "projection."+k+".range").(string))
		}
		if strings.Join(ranges, " ") != c.want {
			t.Errorf("%s to %s: %q; want %s", c.start, c.end, ranges, c.want)
		}
	}
}

// TestRefused says what is wrong.
func TestRefused(t *testing.T) {
	for want, change := range map[string]func(*Request){
		"InvalidParameter: fl-0af0b31dcb7649c1d is of the resource type TransitGateway: ": func(r *Request) { r.FlowLog.ResourceType, r.FlowLog.TrafficType = flowlogstore.TransitGateway, "" },
		"InvalidParameter: fl-0af0b31dcb7649c1d goes to cloud-watch-logs: ":               func(r *Request) { r.FlowLog.DestinationType = flowlogstore.CloudWatchLogs },
		"MissingParameter: The request must contain the parameter IntegrateService":       func(r *Request) { r.Athena = nil },
		"InvalidParameter: The request has 11 AthenaIntegrations; 10 are allowed.":        func(r *Request) { r.Athena = make([]Athena, 11) },
		"MissingParameter: The request must contain the parameter IntegrationResultS3":    func(r *Request) { r.Athena[0].ResultARN = "" },
		"MissingParameter: The request must contain the parameter PartitionLoadFrequency": func(r *Request) { r.Athena[0].Frequency = "" },
		"InvalidParameterValue: Value (hourly) for parameter PartitionLoadFrequency":      func(r *Request) { r.Athena[0].Frequency = "hourly" },
		"InvalidParameter: PartitionStartDate and PartitionEndDate must be given both":    func(r *Request) { r.Athena[0].Start = now },
		"InvalidParameter: PartitionStartDate and PartitionEndDate must be given where":   func(r *Request) { r.Athena[0].Frequency = None },
		"InvalidParameter: PartitionEndDate is before PartitionStartDate.":                func(r *Request) { r.Athena[0].Start, r.Athena[0].End = now, now.Add(-time.Second) },
		"InvalidParameter: PartitionStartDate and PartitionEndDate must be in the past":   func(r *Request) { r.Athena[0] = Athena{"arn:aws:s3:::results", None, now, now.Add(time.Second)} },
		"InvalidParameter: IntegrationResultS3DestinationArn: s3://b is not valid":        func(r *Request) { r.Athena[0].ResultARN = "s3://b" },
		"InvalidParameter: Two AthenaIntegrations have the same PartitionLoadFrequency": func(r *Request) {
			r.Athena = append(r.Athena, Athena{ResultARN: "arn:aws:s3:::other", Frequency: Daily})
		},
		"InvalidParameter: fl-0af0b31dcb7649c1d can't be integrated with Athena: the folder": func(r *Request) {
			r.FlowLog.Destination = "arn:aws:s3:::bucket/it's/"
		},
	} {
		_, err := Template(request(change))
		if e := new(Error); !errors.As(err, &e) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v; want %s", err, want)
		}
	}
}

// TestLint has cfn-lint read templates, where it is installed: WEIR_CFN_LINT names it.
func TestLint(t *testing.T) {
	lint := os.Getenv("WEIR_CFN_LINT")
	if lint == "" {
		t.Skip("WEIR_CFN_LINT names no cfn-lint")
	}
	for name, change := range map[string]func(*Request){
		"text": nil,
		"hive": func(r *Request) {
			r.FlowLog.Hive, r.FlowLog.PerHour, r.FlowLog.FileFormat = true, true, flowlogstore.Parquet
			r.Athena = append(r.Athena, Athena{"arn:aws:s3:::results", None, now.AddDate(0, 0, -3), now})
		},
	} {
		text, err := Template(request(change))
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), name+".yml")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), lint, file).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s\n%s", err, out, text)
		}
	}
}
