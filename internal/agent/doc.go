// Package agent counts what passes devices of the host, and writes it as flow logs: it is what weir-agent runs.
//
// What comes in are a config (package config) and the network's definition that it names. [Run] finds which devices are which network interfaces
// or attachments of a transit gateway ([Devices]), has package ebpf, or afpacket where the config says so, count what passes them and decide of it, and adds it up in windows (package aggregate). What goes out are records of flow
// logs, which package destination delivers; health and metrics are on a loopback address, and devices are attached and detached by a Unix socket. Package device lists devices, also of
// other network namespaces. [Examine] says whether the host can do it, and [Fix] mends what can be mended.
//
// # What is lost, and how it is told
//
// Counts stay in the kernel until they are read, every few seconds, and in memory until their window ends and its records are delivered. What can't be
// written is tried again; beyond [mostWaiting] records the oldest are given up. What is given up, what found no place in the kernel's tables and what a failed
// read left behind is SKIPDATA of the interface, and counted.
//
// # Clocks
//
// Windows are of the wall clock. Where it steps, by more than it could drift since the last read, open windows are written and time goes on from there: nothing
// is told of the time between, and what comes again after a step back is in records of its own.
package agent
