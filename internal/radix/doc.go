// Package radix orders 64-bit words by counting, which takes as long whatever they hold:
// the records of an hour and those of a flow are put in order by it.
package radix
