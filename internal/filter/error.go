package filter

import "weir/internal/query"

// Error says what is wrong with a filter, and where.
type Error = query.TextError
