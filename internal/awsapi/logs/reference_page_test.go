package logs

import (
	"testing"

	"weir/internal/awsapi/awsapitest"
)

// TestReferencePage compares the page of the API with the operations that there are.
func TestReferencePage(t *testing.T) {
	awsapitest.ReferencePage(t, "cloudwatch-logs-api.md", newServer(t, nil).api.operations())
}
