package cli

import (
	"testing"

	"weir/internal/arch/doctest"
)

// TestDocs runs the commands of README.md and of docs, with this weir.
func TestDocs(t *testing.T) { doctest.Run(t, "../..") }
