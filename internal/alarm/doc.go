// Package alarm keeps alarms and tells their states: of metrics and expressions over them, of results of scheduled Logs Insights
// queries, and of other alarms.
//
// What comes in are definitions, as PutMetricAlarm, PutCompositeAlarm and PutLogAlarm take them, and the time; values are asked
// of a source that the caller gives. What goes out are transitions, in the history, and actions, which stay until the
// caller has carried them out. Package internal/awsapi/monitoring puts and describes alarms; package internal/app runs them, gives the source, and
// carries out actions with the messages that [Message] makes.
//
// Source: AWS, CloudWatch User Guide, "Using Amazon CloudWatch alarms", and CloudWatch API Reference.
package alarm
