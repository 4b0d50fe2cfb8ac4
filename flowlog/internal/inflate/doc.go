// Package inflate decompresses gzip objects that lie in memory whole, which the C
// library libdeflate does three times as fast as Go can. It is linked with the
// build tag libdeflate; without it [Gzip] takes nothing, and readers go on as they
// do with an object that is damaged or too large: they read it as a stream.
package inflate
