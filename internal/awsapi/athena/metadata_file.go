package athena

import "encoding/binary"

// metadataFile returns what stands beside a result in an output location, in the file whose name ends in .metadata: a message of
// protobuf with the id of the query and the columns.
//
// Source: AWS does not document it. The numbers of the fields are those that burtcorp's athena-jdbc reads (AthenaMetaDataParser); what else
// Athena writes there is not known, and left out.
func metadataFile(id string, columns []columnInfo) []byte {
	out := appendBytes(nil, 1, []byte(id))
	for i := range columns {
		out = appendBytes(out, 4, columns[i].message())
	}
	return out
}

func (c *columnInfo) message() []byte {
	var out []byte
	for _, text := range []struct {
		field int
		value string
	}{{1, c.Catalog}, {4, c.Name}, {5, c.Label}, {6, c.Type}} {
		out = appendBytes(out, text.field, []byte(text.value))
	}
	const unknown = 3
	sensitive := uint64(0)
	if c.CaseSensitive {
		sensitive = 1
	}
	for _, number := range []struct {
		field int
		value uint64
	}{{7, uint64(c.Precision)}, {8, uint64(c.Scale)}, {9, unknown}, {10, sensitive}} { //nolint:gosec // neither is negative
		out = binary.AppendUvarint(out, uint64(number.field)<<3) //nolint:gosec // a small constant
		out = binary.AppendUvarint(out, number.value)
	}
	return out
}

// appendBytes appends a field of bytes.
func appendBytes(out []byte, field int, value []byte) []byte {
	const lengthDelimited = 2
	out = binary.AppendUvarint(out, uint64(field)<<3|lengthDelimited) //nolint:gosec // a small constant
	out = binary.AppendUvarint(out, uint64(len(value)))
	return append(out, value...)
}
