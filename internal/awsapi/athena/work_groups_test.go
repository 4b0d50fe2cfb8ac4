package athena

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPrimary reads the workgroup that is always there.
func TestPrimary(t *testing.T) {
	s := newServer(t, "", nil)
	g := s.ok("GetWorkGroup", object{"WorkGroup": "primary"})["WorkGroup"].(object)
	if g["CreationTime"] == nil {
		t.Error("it was never made")
	}
	delete(g, "CreationTime")
	want := object{"Name": "primary", "State": "ENABLED", "Description": "", "Configuration": object{
		"ResultConfiguration": object{}, "ManagedQueryResultsConfiguration": object{"Enabled": true}, "EnforceWorkGroupConfiguration": false,
		"PublishCloudWatchMetricsEnabled": false, "RequesterPaysEnabled": false, "EnableMinimumEncryptionConfiguration": false,
		"EngineVersion": object{"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"},
	}}
	if diff := cmp.Diff(want, g); diff != "" {
		t.Error(diff)
	}
	if got := s.refused("DeleteWorkGroup", object{"WorkGroup": "primary"}); !strings.HasSuffix(got, "The primary workgroup cannot be deleted.") {
		t.Error(got)
	}
	versions := s.ok("ListEngineVersions", object{})["EngineVersions"].([]any)
	if diff := cmp.Diff(object{"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"}, versions[0]); diff != "" {
		t.Error(diff)
	}
}

// TestWorkGroup makes, changes and removes a workgroup.
func TestWorkGroup(t *testing.T) {
	s := newServer(t, "", nil)
	s.ok("CreateWorkGroup", object{"Name": "g", "Description": "d", "Configuration": object{
		"ResultConfiguration":        object{"OutputLocation": "s3://out/g/", "EncryptionConfiguration": object{"EncryptionOption": "SSE_S3"}},
		"BytesScannedCutoffPerQuery": 10_000_000, "PublishCloudWatchMetricsEnabled": true, "EngineVersion": object{"SelectedEngineVersion": engine3},
	}})
	if got := s.refused("CreateWorkGroup", object{"Name": "g"}); got != "InvalidRequestException INVALID_INPUT: WorkGroup is already created" {
		t.Error(got)
	}
	configuration := func() any { return got(s.ok("GetWorkGroup", object{"WorkGroup": "g"}), "WorkGroup", "Configuration") }
	c := configuration()
	if got(c, "ResultConfiguration", "OutputLocation") != "s3://out/g/" || got(c, "EnforceWorkGroupConfiguration") != true || got(c, "BytesScannedCutoffPerQuery") != 1e7 ||
		got(c, "ManagedQueryResultsConfiguration", "Enabled") != false || got(c, "EngineVersion", "SelectedEngineVersion") != engine3 || got(c, "PublishCloudWatchMetricsEnabled") != true {
		t.Errorf("got %v", c)
	}
	// What is enforced is not overridden, and the limit is kept before a query runs.
	in := object{"QueryString": "rows 1", "WorkGroup": "g", "ResultConfiguration": object{"OutputLocation": "s3://elsewhere/"}}
	e := s.ended(s.ok("StartQueryExecution", in)["QueryExecutionId"].(string))
	if location := got(e, "ResultConfiguration", "OutputLocation").(string); !strings.HasPrefix(location, "s3://out/g/") || !s.output.options[location].Encrypt {
		t.Errorf("got %v", e)
	}
	cutoff := func(bytes int) any {
		return s.ended(s.ok("StartQueryExecution", object{"QueryString": fmt.Sprint("scan ", bytes), "WorkGroup": "g"})["QueryExecutionId"].(string))["Status"]
	}
	if status := cutoff(10_000_001); got(status, "State") != "CANCELLED" || !strings.HasPrefix(got(status, "StateChangeReason").(string), "Bytes scanned limit was exceeded") {
		t.Errorf("got %v", status)
	}
	if status := cutoff(10_000_000); got(status, "State") != "SUCCEEDED" {
		t.Errorf("got %v", status)
	}
	s.ok("UpdateWorkGroup", object{"WorkGroup": "g", "Description": "", "ConfigurationUpdates": object{
		"RemoveBytesScannedCutoffPerQuery": true, "EnforceWorkGroupConfiguration": false,
		"ResultConfigurationUpdates":              object{"RemoveOutputLocation": true, "RemoveEncryptionConfiguration": true},
		"ManagedQueryResultsConfigurationUpdates": object{"Enabled": true},
	}})
	c = configuration()
	if got(c, "BytesScannedCutoffPerQuery") != nil || got(c, "EnforceWorkGroupConfiguration") != false || got(c, "ManagedQueryResultsConfiguration", "Enabled") != true ||
		got(c, "PublishCloudWatchMetricsEnabled") != true {
		t.Errorf("got %v", c)
	}
	if diff := cmp.Diff(object{}, got(c, "ResultConfiguration")); diff != "" {
		t.Error(diff)
	}
	groups := s.ok("ListWorkGroups", object{})["WorkGroups"].([]any)
	if len(groups) != 2 || got(groups[0], "Name") != "g" || got(groups[0], "EngineVersion", "EffectiveEngineVersion") != engine3 || got(groups[0], "Description") != "" {
		t.Errorf("got %v", groups)
	}
	s.ok("CreateNamedQuery", object{"Name": "n", "Database": "weir", "QueryString": "rows 1", "WorkGroup": "g"})
	s.ok("CreatePreparedStatement", object{"StatementName": "p1", "WorkGroup": "g", "QueryStatement": "rows 1"})
	if got := s.refused("DeleteWorkGroup", object{"WorkGroup": "g"}); !strings.HasSuffix(got, "WorkGroup g is not empty") {
		t.Error(got)
	}
	s.ok("DeleteWorkGroup", object{"WorkGroup": "g", "RecursiveDeleteOption": true})
	s.refused("GetWorkGroup", object{"WorkGroup": "g"})
	s.refused("GetQueryExecution", object{"QueryExecutionId": e["QueryExecutionId"]})
	if n := len(s.api.Store.executions.byKey) + len(s.api.Store.named.byKey) + len(s.api.Store.prepared.byKey); n != 0 {
		t.Errorf("%d things are left", n)
	}
}

// TestDeleteRunning removes a workgroup whose query runs.
func TestDeleteRunning(t *testing.T) {
	s := newServer(t, "", nil)
	s.ok("CreateWorkGroup", object{"Name": "g", "Configuration": object{"ManagedQueryResultsConfiguration": object{"Enabled": true}}})
	s.ok("StartQueryExecution", object{"QueryString": "wait", "WorkGroup": "g"})
	s.ok("DeleteWorkGroup", object{"WorkGroup": "g", "RecursiveDeleteOption": true})
	s.api.idle()
	if status := got(s.run("rows 1"), "Status", "State"); status != "SUCCEEDED" {
		t.Errorf("got %v", status)
	}
}

// TestWorkGroupRefuses sends configurations that would have no effect, or none that this server has.
func TestWorkGroupRefuses(t *testing.T) {
	s := newServer(t, "", nil)
	arn := "arn:aws:kms:us-east-1:111111111111:key/a"
	for name, c := range map[string]object{
		"cutoff":       {"BytesScannedCutoffPerQuery": 9_999_999},
		"requester":    {"RequesterPaysEnabled": true},
		"engine":       {"EngineVersion": object{"SelectedEngineVersion": "Athena engine version 2"}},
		"spark":        {"EngineVersion": object{"SelectedEngineVersion": "PySpark engine version 3"}},
		"role":         {"ExecutionRole": "arn:aws:iam::111111111111:role/x"},
		"additional":   {"AdditionalConfiguration": "x"},
		"monitoring":   {"MonitoringConfiguration": object{"CloudWatchLoggingConfiguration": object{"Enabled": true, "LogTypes": object{"a": []string{"b"}}}}},
		"engine conf":  {"EngineConfiguration": object{}},
		"kms":          {"CustomerContentEncryptionConfiguration": object{"KmsKey": arn}},
		"managed kms":  {"ManagedQueryResultsConfiguration": object{"Enabled": true, "EncryptionConfiguration": object{"KmsKey": arn}}},
		"minimum":      {"EnableMinimumEncryptionConfiguration": true},
		"identity":     {"IdentityCenterConfiguration": object{"EnableIdentityCenter": true}},
		"grants":       {"QueryResultsS3AccessGrantsConfiguration": object{"EnableS3AccessGrants": true, "AuthenticationType": "DIRECTORY_IDENTITY"}},
		"both":         {"ManagedQueryResultsConfiguration": object{"Enabled": true}, "ResultConfiguration": object{"OutputLocation": "s3://out/"}},
		"location":     {"ResultConfiguration": object{"OutputLocation": "s3://other/"}},
		"no location":  {"ResultConfiguration": object{"ExpectedBucketOwner": "111122223333"}},
		"wrong option": {"ResultConfiguration": object{"EncryptionConfiguration": object{"EncryptionOption": "NONE"}}},
	} {
		if got := s.refused("CreateWorkGroup", object{"Name": "g", "Configuration": c}); !strings.HasPrefix(got, "InvalidRequestException INVALID_INPUT: ") {
			t.Errorf("%s: %s", name, got)
		}
	}
	for name, c := range map[string]object{
		"cutoff":   {"BytesScannedCutoffPerQuery": 10_000_000, "RemoveBytesScannedCutoffPerQuery": true},
		"location": {"ResultConfigurationUpdates": object{"OutputLocation": "s3://out/", "RemoveOutputLocation": true}},
		"both":     {"ResultConfigurationUpdates": object{"OutputLocation": "s3://out/"}},
		"kms":      {"ManagedQueryResultsConfigurationUpdates": object{"EncryptionConfiguration": object{"KmsKey": arn}}},
		"role":     {"ExecutionRole": "arn:aws:iam::111111111111:role/x"},
	} {
		if got := s.refused("UpdateWorkGroup", object{"WorkGroup": "primary", "Description": "x", "ConfigurationUpdates": c}); !strings.HasPrefix(got, "InvalidRequestException INVALID_INPUT: ") {
			t.Errorf("%s: %s", name, got)
		}
	}
	if d := got(s.ok("GetWorkGroup", object{"WorkGroup": "primary"}), "WorkGroup", "Description"); d != "" {
		t.Errorf("a change that was refused is there: %v", d)
	}
	for _, operation := range []string{"GetWorkGroup", "UpdateWorkGroup", "DeleteWorkGroup"} {
		if got := s.refused(operation, object{"WorkGroup": "none"}); got != "InvalidRequestException INVALID_INPUT: WorkGroup is not found." {
			t.Errorf("%s: %s", operation, got)
		}
	}
	// What is off has no effect, and is taken.
	s.ok("CreateWorkGroup", object{"Name": "g", "Configuration": object{
		"RequesterPaysEnabled": false, "EnableMinimumEncryptionConfiguration": false, "IdentityCenterConfiguration": object{"EnableIdentityCenter": false},
		"MonitoringConfiguration": object{"ManagedLoggingConfiguration": object{"Enabled": false}},
	}})
}

// TestTags adds, lists and removes tags of a workgroup.
func TestTags(t *testing.T) {
	s := newServer(t, "", nil)
	s.ok("CreateWorkGroup", object{"Name": "g", "Tags": []object{{"Key": "b", "Value": "1"}}})
	const arn = "arn:aws:athena:eu-central-1:111111111111:workgroup/g"
	s.ok("TagResource", object{"ResourceARN": arn, "Tags": []object{{"Key": "a", "Value": ""}, {"Key": "c", "Value": "3"}}})
	s.ok("UntagResource", object{"ResourceARN": arn, "TagKeys": []string{"c", "none"}})
	if diff := cmp.Diff([]any{object{"Key": "a", "Value": ""}, object{"Key": "b", "Value": "1"}}, s.ok("ListTagsForResource", object{"ResourceARN": arn, "MaxResults": 75})["Tags"]); diff != "" {
		t.Error(diff)
	}
	var many []object
	for i := range 50 {
		many = append(many, object{"Key": fmt.Sprint("k", i), "Value": "v"})
	}
	for want, in := range map[string]object{
		"INVALID_INPUT: A resource can have no more than 50 tags.":                                {"ResourceARN": arn, "Tags": many},
		"INVALID_INPUT: The tag key AWS:x begins with aws:, which is reserved for AWS.":           {"ResourceARN": arn, "Tags": []object{{"Key": "AWS:x"}}},
		"INVALID_INPUT: A tag has no key.":                                                        {"ResourceARN": arn, "Tags": []object{{"Value": "x"}}},
		"INVALID_INPUT: x is not an ARN of Athena.":                                               {"ResourceARN": "x", "Tags": many},
		"INVALID_INPUT: Tags of datacatalog/x are not kept by this server: workgroups have tags.": {"ResourceARN": "arn:aws:athena:eu-central-1:111111111111:datacatalog/x", "Tags": many},
	} {
		if got := s.refused("TagResource", in); got != "InvalidRequestException "+want {
			t.Error(got)
		}
	}
	for _, arn := range []string{"arn:aws:athena:eu-central-1:111111111111:workgroup/none", "arn:aws:athena:eu-central-1:222222222222:workgroup/g", "arn:aws:athena:eu-central-1:111111111111:workgroup/"} {
		if status, out := s.send("ListTagsForResource", object{"ResourceARN": arn}); status != 400 || out["__type"] != "ResourceNotFoundException" || out["ResourceName"] != arn {
			t.Errorf("%s: %v", arn, out)
		}
	}
}
