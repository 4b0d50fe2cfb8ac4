// Package compile makes the commands of a Logs Insights query SQL for the engine.
package compile
