// Package discover tells the fields of a log event: those of the system (@timestamp, @message...), of
// a JSON document, and of a flow log record whose format is known.
//
// Source: AWS, "Supported logs and discovered fields"; "Processors that you can use" (parseVPC).
package discover
