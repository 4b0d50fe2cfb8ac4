package tablefile

import (
	"strings"

	"weir/flowlog"
	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

// spellings are names of columns for AWS's fields that DDL in use has, besides AWS's own with and without hyphens and underscores.
var spellings = map[string]flowlog.FieldID{
	"account": flowlog.AccountID, "awsaccountid": flowlog.AccountID, "eni": flowlog.InterfaceID, "eniid": flowlog.InterfaceID,
	"sourceaddress": flowlog.SrcAddr, "sourceip": flowlog.SrcAddr, "srcip": flowlog.SrcAddr, "sourceaddr": flowlog.SrcAddr,
	"destinationaddress": flowlog.DstAddr, "destinationip": flowlog.DstAddr, "dstip": flowlog.DstAddr, "destip": flowlog.DstAddr,
	"destaddress": flowlog.DstAddr, "destaddr": flowlog.DstAddr, "destinationaddr": flowlog.DstAddr,
	"sourceport": flowlog.SrcPort, "destinationport": flowlog.DstPort, "destport": flowlog.DstPort,
	"numpackets": flowlog.Packets, "numbytes": flowlog.Bytes, "packetcount": flowlog.Packets, "bytecount": flowlog.Bytes,
	"starttime": flowlog.Start, "windowstart": flowlog.Start, "endtime": flowlog.End, "windowend": flowlog.End,
	"packetsourceaddress": flowlog.PktSrcAddr, "packetdestinationaddress": flowlog.PktDstAddr, "status": flowlog.LogStatus,
}

// bare are AWS's fields by their names without hyphens.
var bare = func() map[string]*flowlog.Field {
	out := map[string]*flowlog.Field{}
	for _, kind := range []flowlog.Kind{flowlog.KindTGW, flowlog.KindVPC} {
		for _, f := range flowlog.Fields(kind) {
			if !f.Own() {
				out[strings.ReplaceAll(f.Name, "-", "")] = f
			}
		}
	}
	return out
}()

// fieldOf returns the field of AWS that a column is named for, nil where none is known.
func fieldOf(column string) *flowlog.Field {
	key := strings.ReplaceAll(strings.ReplaceAll(strings.ToLower(column), "-", ""), "_", "")
	if f := bare[key]; f != nil {
		return f
	}
	if id, ok := spellings[key]; ok {
		return flowlog.FieldByID(id)
	}
	return nil
}

// checkHeader looks at the first line of a text. Where it names fields of flow logs and the table skips it, the table's columns must have its order, as far as
// both are known: AWS reads the wrong columns and says nothing. Where the table does not skip it, it becomes a row, as in Athena, and asRow is true.
func checkHeader(l *Layout, o Object, line []byte) (asRow bool, err error) {
	text := strings.ReplaceAll(string(line), string(rune(l.Separator)), " ")
	if len(text) > 8<<10 {
		return false, nil
	}
	f, ok := flowlog.ParseHeader(text)
	if !ok || len(strings.Fields(text)) < 3 {
		return false, nil
	}
	if l.SkipLines == 0 {
		return true, nil
	}
	names := strings.Split(string(line), string(rune(l.Separator)))
	for i := 0; i < len(names) && i < len(l.Columns) && i < f.Len(); i++ {
		want, known := flowlog.Lookup(names[i])
		have := fieldOf(l.Columns[i].Name)
		if known && have != nil && want.ID != have.ID {
			return false, orderError(l, o, names, i)
		}
	}
	return false, nil
}

// orderError says that a table's columns are in another order than the header, with both orders and the columns that would be right.
func orderError(l *Layout, o Object, names []string, at int) *athenasql.Error {
	var have []string
	for _, c := range l.Columns {
		have = append(have, c.Name)
	}
	return badData(o, "column %d of the table is %s, where the objects have %s: a text table reads columns by their places. The header is %q, the table has %q",
		at+1, l.Columns[at].Name, names[at], strings.Join(names, " "), strings.Join(have, " ")).
		WithHint("these columns are in the order of the objects: (" + rightColumns(l, names) + ")")
}

// rightColumns writes the columns of a table in the order of a header. Columns that the table has keep their names and types.
func rightColumns(l *Layout, names []string) string {
	byField := map[flowlog.FieldID]Column{}
	for _, c := range l.Columns {
		if f := fieldOf(c.Name); f != nil {
			byField[f.ID] = c
		}
	}
	var out []string
	for _, n := range names {
		f, known := flowlog.Lookup(n)
		c := Column{Name: flowlog.ColumnName(n), Type: types.Type{Kind: types.Varchar}}
		if known {
			switch f.Type {
			case flowlog.Int32:
				c.Type.Kind = types.Integer
			case flowlog.Int64:
				c.Type.Kind = types.BigInt
			}
			if own, ok := byField[f.ID]; ok {
				c = own
			}
		}
		out = append(out, "`"+c.Name+"` "+c.Type.Hive())
	}
	return strings.Join(out, ", ")
}
