package athena

import (
	"testing"

	"weir/internal/awsapi/awsapitest"
)

// TestReferencePage compares the page of the API with the operations that there are.
func TestReferencePage(t *testing.T) {
	awsapitest.ReferencePage(t, "athena-api.md", newServer(t, "", nil).api.operations())
}
