package radix

import "slices"

// few is how many words are compared: counters cost more than they save for them.
const few = 64

// Sort orders words by their bits from low on, and returns them in words or in spare, which
// is as long. Bits from top on are 0. Bits below low are no key, and must ascend from word
// to word, as the places of records do: words with the same key keep their order.
func Sort(words, spare []uint64, low, top uint) []uint64 {
	if len(words) < few {
		slices.Sort(words)
		return words
	}
	const most = 11 // counters of so many bits lie in the nearest memory
	digit := uint(most)
	if len(words) < 1<<13 {
		digit = 10
	}
	mask := uint64(1)<<digit - 1
	for ; low < top; low += digit {
		var count [1 << most]uint32
		shift := low & 63 // the processor need not look whether it is more
		for _, word := range words {
			count[word>>shift&mask]++
		}
		at := uint32(0)
		for d, n := range count[:mask+1] {
			count[d] = at
			at += n
		}
		for _, word := range words {
			to := &count[word>>shift&mask]
			spare[*to] = word
			*to++
		}
		words, spare = spare, words
	}
	return words
}
