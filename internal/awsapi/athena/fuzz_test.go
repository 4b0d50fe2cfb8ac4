package athena

import (
	"net/http"
	"testing"
)

// FuzzRequests sends bodies to operations: whatever comes, the server answers, and says that a fault is the client's.
func FuzzRequests(f *testing.F) {
	operations := []string{
		"GetQueryResults", "ListQueryExecutions", "ListTableMetadata", "StartQueryExecution", "CreateWorkGroup", "UpdateWorkGroup", "TagResource", "ListTagsForResource",
		"CreatePreparedStatement", "BatchGetNamedQuery",
	}
	s := newServer(f, "", nil)
	id := s.run("rows 5")["QueryExecutionId"].(string)
	token := s.ok("GetQueryResults", object{"QueryExecutionId": id, "MaxResults": 2})["NextToken"].(string)
	s.ok("GetQueryResults", object{"QueryExecutionId": id, "NextToken": token})
	f.Add(uint8(0), `{"QueryExecutionId":"ID","NextToken":"R2V0UXVlcnlSZXN1bHRzAA","MaxResults":2}`)
	f.Add(uint8(1), `{"MaxResults":0,"NextToken":"x"}`)
	f.Add(uint8(2), `{"CatalogName":"AwsDataCatalog","DatabaseName":"weir","Expression":"a)(b|[^"}`)
	f.Add(uint8(3), `{"QueryString":"show","ResultConfiguration":{"OutputLocation":"s3://out//../x"},"ClientRequestToken":"0123456789abcdef0123456789abcdef"}`)
	f.Add(uint8(4), `{"Name":"g","Configuration":{"ResultConfiguration":{"OutputLocation":"s3://out"},"BytesScannedCutoffPerQuery":1e99}}`)
	f.Add(uint8(5), `{"WorkGroup":"primary","ConfigurationUpdates":{"ResultConfigurationUpdates":{"RemoveOutputLocation":true}}}`)
	f.Add(uint8(6), `{"ResourceARN":"arn:aws:athena:::workgroup/primary","Tags":[{"Key":"a"}]}`)
	f.Add(uint8(0), `{"QueryExecutionId":"`+id+`","NextToken":"`+token+`"}`)
	f.Fuzz(func(t *testing.T, which uint8, body string) {
		operation := operations[int(which)%len(operations)]
		if status, out := s.post(operation, []byte(body)); status >= http.StatusInternalServerError {
			t.Errorf("%s %s: %d %s", operation, body, status, out)
		}
	})
}
