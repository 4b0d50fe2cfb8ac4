//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "bench/capture runs on Linux alone")
	os.Exit(1)
}
