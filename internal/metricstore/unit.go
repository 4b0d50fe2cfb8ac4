package metricstore

import "slices"

// units are CloudWatch's.
//
// Source: AWS, CloudWatch API Reference, "MetricDatum".
var units = []string{
	"Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes", "Bits", "Kilobits", "Megabits",
	"Gigabits", "Terabits", "Percent", "Count", "Bytes/Second", "Kilobytes/Second", "Megabytes/Second", "Gigabytes/Second",
	"Terabytes/Second", "Bits/Second", "Kilobits/Second", "Megabits/Second", "Gigabits/Second", "Terabits/Second", "Count/Second", "None",
}

// Units returns CloudWatch's units in the order in which it lists them. The caller owns it.
func Units() []string { return slices.Clone(units) }

func isUnit(text string) bool { return slices.Contains(units, text) }
