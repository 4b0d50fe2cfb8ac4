package tablefile

import (
	"context"
	"io"
	"math/big"
)

// misread is the error of a field that is no value of its column's type, where a query reads a column of a file that has such: Athena takes no others apart. The objects are read
// again, to say where it is.
func misread(ctx context.Context, storage Storage, l *Layout, objects []Object, bad string) error {
	mask, ok := new(big.Int).SetString(bad, 16)
	if !ok {
		return nil // there are none
	}
	for i, c := range l.Columns {
		if mask.Bit(i) == 0 || !l.reads(c.Name) {
			continue
		}
		strict := *l
		strict.strict = true
		if _, err := convert(ctx, storage, &strict, objects, io.Discard); err != nil {
			return err
		}
		return badData(objects[0], "column %s has fields that are no %s", c.Name, c.Type.Hive())
	}
	return nil
}
