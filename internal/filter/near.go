package filter

import "weir/flowlog"

// NearestField returns the field name that is nearest to a mistyped one, or "".
func NearestField(name string, o Options) string {
	return nearest(flowlog.CanonicalName(name), o.withDefaults().fieldNames())
}
