// Package config reads the YAML that says what an agent does: which devices are which network interfaces, and which flow logs there are.
//
// What comes in is a file's text ([Read]); what goes out is a [Config], or an [*Error] with line and column. Keys that do not exist, values that are none and
// what has to be said and is not are refused. Whether the ids are of anything only the network's definition can say: package agent looks, and names the
// [Place] of what it does not find.
package config
