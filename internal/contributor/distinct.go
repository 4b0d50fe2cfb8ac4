package contributor

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// A distinctCount counts of each contributor how many distinct combinations it has, by period and in the whole time. A combination is kept as
// a contributor with more keys, so those of one come one behind the other, and counting holds one at a time.
type distinctCount struct {
	keys  int // of a contributor
	yield func(key []byte, sum float64, touched []int, values []float64)

	prefix  []byte // how the combinations of the contributor begin
	key     []byte // the contributor, as splitKey takes it
	sum     float64
	touched []int
	values  []float64
}

// add counts a combination.
func (d *distinctCount) add(key []byte, _ float64, touched []int, _ []float64) error {
	if d.sum == 0 || !bytes.HasPrefix(key, d.prefix) {
		d.end()
		if err := d.begin(key); err != nil {
			return err
		}
	}
	d.sum++
	for _, i := range touched {
		if d.values[i] == 0 {
			d.touched = append(d.touched, i)
		}
		d.values[i]++
	}
	return nil
}

// begin goes on to the contributor that a combination is of.
func (d *distinctCount) begin(key []byte) error {
	at, last := 0, 0 // where the key that is looked at begins, with its length and without
	for range d.keys {
		size, n := binary.Uvarint(key[at:])
		if n <= 0 || size > uint64(len(key)-at-n) {
			return errDamaged
		}
		last = at
		at += n + int(size)
		d.key = append(d.key[:0], key[:last]...)
		d.key = append(d.key, key[last+n:at]...)
	}
	d.prefix = append(d.prefix[:0], key[:at]...)
	return nil
}

// end yields the contributor that was counted.
func (d *distinctCount) end() {
	if d.sum == 0 {
		return
	}
	slices.Sort(d.touched)
	d.yield(d.key, d.sum, d.touched, d.values)
	for _, i := range d.touched {
		d.values[i] = 0
	}
	d.touched, d.sum = d.touched[:0], 0
}
