package lake

import (
	"hash/fnv"

	"weir/flowlog"
)

// A record's checksum covers every field but weir_object (which object answers
// for a record can change without the record changing) and those that the lake
// derives, unknown fields included. Sums of checksums do not depend on order. The ledger keeps them, so
// neither the hash nor the salts may change.

// salt returns the salt of a field: two fields that swap values change the sum.
func salt(name string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	return h.Sum64()
}

// salts are the salts of the fields of the table.
var salts = func() (s [flowlog.NumFields]uint64) {
	for i := range s {
		s[i] = salt(flowlog.FieldByID(flowlog.FieldID(i)).Name)
	}
	return s
}()

// mix spreads the bits of x (the finalizer of splitmix64).
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// hashText is the hash of a field's text.
func hashText(salt uint64, s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return mix(h.Sum64() ^ salt)
}

// recordHashes returns the checksum of each record of a batch, in memory of hashRooms.
func recordHashes(b *flowlog.Batch) []uint64 {
	sums := hashRooms.get(b.Len())
	clear(sums)
	all := uint64(0) // what each record has of columns that were filled
	for _, f := range flowlog.Fields(b.Kind()) {
		switch {
		case f.ID == flowlog.WeirObject || f.Derived || f.Type == flowlog.Map:
		case f.Numeric():
			s := salts[f.ID]
			if v, filled := b.FilledNum(f.ID); filled {
				all += mix(uint64(v) ^ s)
				continue
			}
			for i, v := range b.Nums(f.ID) {
				if v != flowlog.Absent {
					sums[i] += mix(uint64(v) ^ s)
				}
			}
		default:
			all += addText(sums, b.Texts(f.ID), salts[f.ID])
		}
	}
	for _, u := range b.Unknown() {
		all += addText(sums, u.Text, salt(u.Name))
	}
	for i, s := range sums {
		sums[i] = mix(s + all)
	}
	return sums
}

// addText adds the hashes of a text column, or returns that of a filled one.
func addText(sums []uint64, c *flowlog.TextColumn, salt uint64) (all uint64) {
	switch {
	case c == nil:
		return 0
	case c.Filled() && len(c.Codes) == len(sums):
		return hashText(salt, c.Dict[1])
	}
	hashes := make([]uint64, len(c.Dict))
	for code := 1; code < len(c.Dict); code++ {
		hashes[code] = hashText(salt, c.Dict[code])
	}
	for i, code := range c.Codes {
		if code != 0 {
			sums[i] += hashes[code]
		}
	}
	return 0
}
