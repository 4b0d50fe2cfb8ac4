// Command weir takes VPC flow logs in and answers questions about them.
package main

import (
	"os"
	"runtime/debug"

	"weir/internal/cli"
)

// memoryLimit is what Go's memory should stay below, in bytes. An intake holds
// less than that at any time; the limit makes the collector work before garbage
// piles up beside it. DuckDB has a limit of its own.
const memoryLimit = 1 << 30

func main() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	cli.Main()
}
