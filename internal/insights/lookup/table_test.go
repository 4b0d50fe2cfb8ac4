package lookup

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTable(t *testing.T) {
	table, err := Parse([]byte("\ufeffid,name,\"depart\"\"ment\"\r\n1,Ann,\"a,b\"\r\n2,Bob,\r\n1,Ann again,x\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"id", "name", `depart"ment`}, table.Columns()); d != "" {
		t.Error(d)
	}
	x := table.Index([]string{"id", "name"})
	if row, ok := x.Find([]string{"1", "Ann"}); !ok || table.Cell(row, `depart"ment`) != "a,b" {
		t.Errorf("found row %d, %v", row, ok)
	}
	if row, ok := table.Index([]string{"id"}).Find([]string{"1"}); !ok || row != 0 {
		t.Errorf("of equal rows row %d is found", row)
	}
	for _, texts := range [][]string{{"1", "ann"}, {"1A", "nn"}, {"01", "Ann"}} {
		if _, ok := x.Find(texts); ok {
			t.Errorf("%q is found", texts)
		}
	}
}

func TestTablesThatAreRefused(t *testing.T) {
	for document, want := range map[string]string{
		"":                            "the table is empty: its first line must name the columns",
		"a,\n1,2":                     "line 1: column 2 has no name",
		"a,a\n1,2":                    `line 1: two columns are called "a"`,
		"a,b\n1\n":                    "line 2: wrong number of fields",
		"a,b\n1,\"x\n":                `line 2: extraneous or missing " in quoted-field`,
		"a\n\xff":                     "the table is not in UTF-8",
		strings.Repeat("a", 10<<20+1): "the table has 10485761 bytes: at most 10485760 are allowed",
	} {
		_, err := Parse([]byte(document))
		if err == nil || err.Error() != want {
			t.Errorf("%.20q: %v, want %s", document, err, want)
		}
	}
}

func TestNetworks(t *testing.T) {
	table, err := Parse([]byte("owner,net\nall,0.0.0.0/0\nten,10.0.0.0/8\nhost,10.1.2.3\nodd,10.1.2.9/24\nsix,2001:db8::/32\nagain,10.0.0.0/8\n"))
	if err != nil {
		t.Fatal(err)
	}
	column, ok := table.NetworkColumn()
	if !ok || column != "net" {
		t.Fatalf("the column of networks is %q", column)
	}
	n := table.Networks(column)
	for address, want := range map[string]string{
		"8.8.8.8": "all", "10.9.9.9": "ten", "10.1.2.3": "host", "10.1.2.4": "odd", "2001:db8::1": "six",
		"2001:db9::1": "none", "::ffff:10.0.0.1": "none", "-": "none", "": "none",
	} {
		got := "none"
		if row, ok := n.Find(address); ok {
			got = table.Cell(row, "owner")
		}
		if got != want {
			t.Errorf("%s is in %s, want %s", address, got, want)
		}
	}
	plain, _ := Parse([]byte("a\nx\n"))
	if c, ok := plain.NetworkColumn(); ok {
		t.Errorf("%s is a column of networks", c)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("a,b\n1,\"2\"\n"))
	f.Fuzz(func(t *testing.T, document []byte) {
		table, err := Parse(document)
		if err != nil {
			return
		}
		if table.Len() > 0 && !bytes.Contains(document, []byte("\n")) && !bytes.Contains(document, []byte("\r")) {
			t.Errorf("%q has rows", document)
		}
		table.Index(table.Columns())
		table.Networks(table.Columns()[0])
	})
}
