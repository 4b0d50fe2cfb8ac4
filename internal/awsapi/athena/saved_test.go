package athena

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// entityNotFound is what Athena passes on of Glue, as PyAthena reads it.
var entityNotFound = regexp.MustCompile(`^MetadataException: Entity Not Found \(Service: AmazonDataCatalog; Status Code: 400; Error Code: EntityNotFoundException; Request ID: [0-9a-f-]{36}; Proxy: null\)$`)

// TestNamedQueries saves, changes, lists and removes queries.
func TestNamedQueries(t *testing.T) {
	s := newServer(t, "", nil)
	in := object{"Name": "top", "Description": "d", "Database": "weir", "QueryString": "bad, and kept", "ClientRequestToken": token}
	id := s.ok("CreateNamedQuery", in)["NamedQueryId"]
	if again := s.ok("CreateNamedQuery", in)["NamedQueryId"]; again != id {
		t.Errorf("the id is %v, and was %v", again, id)
	}
	in["Database"] = "logs"
	if got := s.refused("CreateNamedQuery", in); !strings.Contains(got, "IDEMPOTENT_PARAMETER_MISMATCH") {
		t.Error(got)
	}
	delete(in, "ClientRequestToken")
	second := s.ok("CreateNamedQuery", in)["NamedQueryId"]
	want := object{"Name": "top", "Description": "d", "Database": "weir", "QueryString": "bad, and kept", "NamedQueryId": id, "WorkGroup": "primary"}
	if diff := cmp.Diff(want, s.ok("GetNamedQuery", object{"NamedQueryId": id})["NamedQuery"]); diff != "" {
		t.Error(diff)
	}
	s.ok("UpdateNamedQuery", object{"NamedQueryId": id, "Name": "n2", "QueryString": "rows 1"})
	want["Name"], want["QueryString"] = "n2", "rows 1"
	batch := s.ok("BatchGetNamedQuery", object{"NamedQueryIds": []any{id, "none"}})
	if diff := cmp.Diff([]any{want}, batch["NamedQueries"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(object{"NamedQueryId": "none", "ErrorCode": "INVALID_INPUT", "ErrorMessage": "NamedQuery none was not found"}, got(batch, "UnprocessedNamedQueryIds", 0)); diff != "" {
		t.Error(diff)
	}
	first := s.ok("ListNamedQueries", object{"MaxResults": 1})
	rest := s.ok("ListNamedQueries", object{"MaxResults": 1, "NextToken": first["NextToken"]})
	if got(first, "NamedQueryIds", 0) != id || got(rest, "NamedQueryIds", 0) != second || rest["NextToken"] != nil {
		t.Errorf("got %v and %v", first, rest)
	}
	s.ok("DeleteNamedQuery", object{"NamedQueryId": id})
	for _, operation := range []string{"GetNamedQuery", "DeleteNamedQuery", "UpdateNamedQuery"} {
		if got := s.refused(operation, object{"NamedQueryId": id, "Name": "n", "QueryString": "q"}); !strings.HasSuffix(got, "was not found") {
			t.Errorf("%s: %s", operation, got)
		}
	}
	if got := s.refused("CreateNamedQuery", object{"Name": "n", "Database": "weir", "QueryString": "q", "WorkGroup": "none"}); !strings.HasSuffix(got, "WorkGroup is not found.") {
		t.Error(got)
	}
}

// TestPreparedStatements keeps, changes, lists and removes prepared statements, by requests and by statements.
func TestPreparedStatements(t *testing.T) {
	s := newServer(t, "", nil)
	in := object{"StatementName": "p1", "WorkGroup": "primary", "QueryStatement": "rows 1", "Description": "d"}
	s.ok("CreatePreparedStatement", in)
	if got := s.refused("CreatePreparedStatement", in); got != "InvalidRequestException INVALID_INPUT: PreparedStatement p1 already exists in WorkGroup primary" {
		t.Error(got)
	}
	in["QueryStatement"] = "rows 2"
	s.ok("UpdatePreparedStatement", in)
	p := s.ok("GetPreparedStatement", object{"StatementName": "p1", "WorkGroup": "primary"})["PreparedStatement"].(object)
	if p["LastModifiedTime"] == nil {
		t.Error("it was never changed")
	}
	delete(p, "LastModifiedTime")
	if diff := cmp.Diff(object{"StatementName": "p1", "WorkGroupName": "primary", "QueryStatement": "rows 2", "Description": "d"}, p); diff != "" {
		t.Error(diff)
	}
	if e := s.run("prepare p0"); got(e, "Status", "State") != "SUCCEEDED" {
		t.Errorf("got %v", e)
	}
	if text, ok := s.api.Store.PreparedStatements("primary").PreparedStatement("p0"); text != "rows 1" || !ok {
		t.Errorf("got %s %v", text, ok)
	}
	if e := s.run("prepare 0p"); got(e, "Status", "State") != "FAILED" {
		t.Errorf("got %v", e)
	}
	listed := s.ok("ListPreparedStatements", object{"WorkGroup": "primary"})["PreparedStatements"].([]any)
	if len(listed) != 2 || got(listed[0], "StatementName") != "p0" || got(listed[1], "StatementName") != "p1" {
		t.Errorf("got %v", listed)
	}
	batch := s.ok("BatchGetPreparedStatement", object{"WorkGroup": "primary", "PreparedStatementNames": []string{"p1", "none"}})
	if got(batch, "PreparedStatements", 0, "QueryStatement") != "rows 2" || got(batch, "UnprocessedPreparedStatementNames", 0, "StatementName") != "none" {
		t.Errorf("got %v", batch)
	}
	s.ok("DeletePreparedStatement", object{"StatementName": "p1", "WorkGroup": "primary"})
	for _, operation := range []string{"GetPreparedStatement", "DeletePreparedStatement", "UpdatePreparedStatement"} {
		if got := s.refused(operation, in); got != "ResourceNotFoundException: PreparedStatement p1 was not found in workGroup primary" {
			t.Errorf("%s: %s", operation, got)
		}
	}
	in["QueryStatement"] = "bad"
	if got := s.refused("CreatePreparedStatement", in); !strings.HasPrefix(got, "InvalidRequestException MALFORMED_QUERY: line 1:1:") {
		t.Error(got)
	}
	s.refused("CreatePreparedStatement", object{"StatementName": "a b", "WorkGroup": "primary", "QueryStatement": "rows 1"})
	s.refused("ListPreparedStatements", object{"WorkGroup": "none"})
}

// TestCatalog asks for the catalog, its databases and tables.
func TestCatalog(t *testing.T) {
	s := newServer(t, "", nil)
	if diff := cmp.Diff([]any{object{"CatalogName": "AwsDataCatalog", "Type": "GLUE"}}, s.ok("ListDataCatalogs", object{})["DataCatalogsSummary"]); diff != "" {
		t.Error(diff)
	}
	if c := s.ok("GetDataCatalog", object{"Name": "awsdatacatalog"}); got(c, "DataCatalog", "Name") != "AwsDataCatalog" {
		t.Errorf("got %v", c)
	}
	with := func(more object) object {
		more["CatalogName"] = "AwsDataCatalog"
		return more
	}
	first := s.ok("ListDatabases", with(object{"MaxResults": 1}))
	rest := s.ok("ListDatabases", with(object{"MaxResults": 1, "NextToken": first["NextToken"]}))
	if got(first, "DatabaseList", 0, "Name") != "logs" || got(rest, "DatabaseList", 0, "Description") != "the lake" || rest["NextToken"] != nil {
		t.Errorf("got %v and %v", first, rest)
	}
	if d := s.ok("GetDatabase", with(object{"DatabaseName": "WEIR"})); got(d, "Database", "Parameters", "a") != "b" {
		t.Errorf("got %v", d)
	}
	for expression, want := range map[string]string{
		"": "rejected tgw_flow_logs vpc_flow_logs", ".*flow.*": "tgw_flow_logs vpc_flow_logs", "flow": "", "VPC_.*|rejected": "rejected vpc_flow_logs",
	} {
		var names []string
		for _, table := range s.ok("ListTableMetadata", with(object{"DatabaseName": "weir", "Expression": expression}))["TableMetadataList"].([]any) {
			names = append(names, got(table, "Name").(string))
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%q: %s", expression, got)
		}
	}
	table := s.ok("GetTableMetadata", with(object{"DatabaseName": "weir", "TableName": "VPC_flow_logs"}))["TableMetadata"]
	want := object{
		"Name": "vpc_flow_logs", "TableType": "EXTERNAL_TABLE", "CreateTime": 1795953600.25, "Parameters": object{"skip.header.line.count": "1"},
		"Columns":       []any{object{"Name": "srcaddr", "Type": "string", "Comment": "the source"}, object{"Name": "srcport", "Type": "int"}},
		"PartitionKeys": []any{object{"Name": "date", "Type": "date"}},
	}
	if diff := cmp.Diff(want, table); diff != "" {
		t.Error(diff)
	}
	for operation, in := range map[string]object{
		"GetDatabase": {"DatabaseName": "none"}, "ListTableMetadata": {"DatabaseName": "none"}, "GetTableMetadata": {"DatabaseName": "weir", "TableName": "none"},
	} {
		if got := s.refused(operation, with(in)); !entityNotFound.MatchString(got) {
			t.Errorf("%s: %s", operation, got)
		}
		in["CatalogName"] = "other"
		if got := s.refused(operation, in); !strings.HasPrefix(got, "InvalidRequestException DATACATALOG_NOT_FOUND: ") {
			t.Errorf("%s: %s", operation, got)
		}
	}
	for _, bad := range []string{"(", "a)(b", "(?=x)"} {
		if got := s.refused("ListTableMetadata", with(object{"DatabaseName": "weir", "Expression": bad})); !strings.Contains(got, "Expression is not a regular expression") {
			t.Errorf("%s: %s", bad, got)
		}
	}
}

// TestReadyNamedQueries finds the queries that come with a server in the workgroup primary, under the same ids after a restart, and changes none.
func TestReadyNamedQueries(t *testing.T) {
	ready := func(o *Options) {
		o.NamedQueries = []NamedQuery{{"B", "about b", "weir", "rows 1"}, {"A", "about a", "weir", "rows 2"}}
	}
	dir := t.TempDir()
	s := newServer(t, dir, ready)
	own := s.ok("CreateNamedQuery", object{"Name": "own", "Database": "weir", "QueryString": "rows 3"})["NamedQueryId"]
	ids := s.ok("ListNamedQueries", object{"WorkGroup": "primary"})["NamedQueryIds"].([]any)
	if len(ids) != 3 || ids[2] != own {
		t.Fatalf("got %v, and %v is the own one", ids, own)
	}
	want := []any{
		object{"Name": "B", "Description": "about b", "Database": "weir", "QueryString": "rows 1", "NamedQueryId": ids[0], "WorkGroup": "primary"},
		object{"Name": "A", "Description": "about a", "Database": "weir", "QueryString": "rows 2", "NamedQueryId": ids[1], "WorkGroup": "primary"},
	}
	if diff := cmp.Diff(want, s.ok("BatchGetNamedQuery", object{"NamedQueryIds": ids[:2]})["NamedQueries"]); diff != "" {
		t.Error(diff)
	}
	for _, operation := range []string{"DeleteNamedQuery", "UpdateNamedQuery"} {
		got := s.refused(operation, object{"NamedQueryId": ids[0], "Name": "n", "QueryString": "q"})
		if !strings.HasPrefix(got, "InvalidRequestException INVALID_INPUT: NamedQuery "+ids[0].(string)+" comes with this server") {
			t.Errorf("%s: %s", operation, got)
		}
	}
	var paged []any
	for in := (object{"MaxResults": 1}); ; {
		page := s.ok("ListNamedQueries", in)
		paged = append(paged, page["NamedQueryIds"].([]any)...)
		if in["NextToken"] = page["NextToken"]; in["NextToken"] == nil {
			break
		}
	}
	if diff := cmp.Diff(ids, paged); diff != "" {
		t.Error(diff)
	}
	s.ok("CreateWorkGroup", object{"Name": "other"})
	if other := s.ok("ListNamedQueries", object{"WorkGroup": "other"})["NamedQueryIds"].([]any); len(other) > 0 {
		t.Errorf("another workgroup has %v", other)
	}
	s.api.Close()
	if again := newServer(t, dir, ready).ok("ListNamedQueries", object{})["NamedQueryIds"]; cmp.Diff(ids, again) != "" {
		t.Errorf("after a restart there are %v, and were %v", again, ids)
	}
}
