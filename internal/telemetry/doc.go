// Package telemetry is weir watching itself: the metrics that a server offers at
// /metrics, and how its log is written. It imports nothing else of weir; the room
// app fills it.
package telemetry
