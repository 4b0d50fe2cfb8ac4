// Package command is the command line of weir-agent. It reads flags and files, calls package agent, and says what comes of it; cmd/weir-agent calls [Main].
package command
