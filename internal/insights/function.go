package insights

// canonicalFunction returns the canonical spelling of a function's name; an unknown one stays.
func canonicalFunction(name string) string { return name }
