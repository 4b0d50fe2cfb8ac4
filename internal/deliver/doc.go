// Package deliver is where documents go that a server sends: its sinks, each a folder or an HTTP
// endpoint. Who sends decides what is sent, and tries again what failed.
package deliver
