// Command weir-agent counts what passes network devices, and writes flow logs of it.
package main

import "weir/internal/agent/command"

func main() { command.Main() }
