package countries

import (
	"bufio"
	"bytes"
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
)

// The largest list that is taken: the largest that is published has a tenth of the ranges.
const (
	mostRanges = 8 << 20
	mostLine   = 4 << 10 // bytes
	namedLines = 5       // bad lines that an error names
)

// Parse reads a list of ranges, each on a line of its own, with both ends in the range:
//
//	1.0.0.0,1.0.0.255,AU
//	1.0.0.0<TAB>1.0.0.255<TAB>AU
//	1.0.0.0<TAB>1.0.0.255<TAB>13335<TAB>AU<TAB>CLOUDFLARENET
//
// The first form is that of ip-location-db's sets of countries, the others that of
// iptoasn.com's ip2country and ip2asn, where None is no country. Ranges may come in any order,
// and of either family. It returns a table for each family that there is, IPv4 first.
//
// A list with a line that is none of these is refused; the error names lines. Ranges may
// overlap: the line that stands last tells. So does ip-location-db's own database of the same
// ranges, at each of 5,941 places where its list geo-whois-asn-country of June 2026 says two
// countries; the smallest range would tell another at 51 of them.
//
// Source: ip-location-db's README, "CSV Format", and its MMDB files; iptoasn.com.
func Parse(r io.Reader) ([]*Table, error) {
	lists := map[Family][]entry{}
	var bad badLines
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, mostLine), mostLine)
	n, ranges := 0, 0
	for lines.Scan() {
		n++
		line := bytes.TrimSuffix(lines.Bytes(), []byte("\r"))
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
		}
		if len(line) == 0 {
			continue
		}
		e, family, err := parseLine(string(line))
		if err != nil {
			if bad.add(n, err); ranges == 0 && bad.count == namedLines {
				return nil, bad.err() // it is something else
			}
			continue
		}
		if ranges++; ranges > mostRanges {
			return nil, fmt.Errorf("no list of countries: it has more than %d ranges", mostRanges)
		}
		e.line = n
		lists[family] = append(lists[family], e)
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		bad.add(n+1, fmt.Errorf("it has more than %d bytes", mostLine))
	case err != nil:
		return nil, err
	}
	if bad.count > 0 {
		return nil, bad.err()
	}
	var out []*Table
	for _, family := range []Family{IPv4, IPv6} {
		if len(lists[family]) == 0 {
			continue
		}
		out = append(out, newTable(family, lists[family]))
	}
	if out == nil {
		return nil, errors.New("no list of countries: it is empty")
	}
	return out, nil
}

// badLines are lines that can't be read.
type badLines struct {
	count int
	texts []string
}

func (b *badLines) add(line int, err error) {
	if b.count++; len(b.texts) < namedLines {
		b.texts = append(b.texts, fmt.Sprintf("line %d: %v", line, err))
	}
}

func (b *badLines) err() error {
	text := strings.Join(b.texts, "; ")
	if more := b.count - len(b.texts); more > 0 {
		text += fmt.Sprintf("; and %d more bad lines", more)
	}
	return fmt.Errorf("no list of countries: %s", text)
}

// entry is a range of a list. Ends are in it; those of IPv4 have no high half.
type entry struct {
	from, to [2]uint64
	code     uint16 // 0: of no country
	line     int
}

// nowhere is what iptoasn.com writes where a range has no country.
const nowhere = "None"

func parseLine(line string) (entry, Family, error) {
	var e entry
	var values []string
	tabs := strings.Contains(line, "\t")
	if tabs {
		values = strings.SplitN(line, "\t", 5)
	} else {
		values = strings.Split(line, ",")
	}
	country := 2
	switch {
	case tabs && len(values) == 5:
		country = 3
	case len(values) != 3:
		return e, 0, fmt.Errorf("%s has %d values, and not start, end and country", cut(line), len(values))
	}
	for i := range values[:country+1] {
		if v := values[i]; len(v) > 1 && v[0] == '"' && v[len(v)-1] == '"' {
			values[i] = v[1 : len(v)-1]
		}
	}
	from, err := parseEnd(values[0])
	if err != nil {
		return e, 0, err
	}
	to, err := parseEnd(values[1])
	if err != nil {
		return e, 0, err
	}
	if from.Is4() != to.Is4() {
		return e, 0, fmt.Errorf("%s and %s are of two families", from, to)
	}
	if to.Less(from) {
		return e, 0, fmt.Errorf("%s lies before %s", to, from)
	}
	if e.code = codeOf(values[country]); e.code == 0 && !(tabs && values[country] == nowhere) {
		return e, 0, fmt.Errorf("%s is no country: two capital letters are", cut(values[country]))
	}
	if from.Is4() {
		e.from, e.to = halves(from), halves(to)
		e.from[1], e.to[1] = e.from[1]&0xffffffff, e.to[1]&0xffffffff
		e.from[0], e.to[0] = 0, 0
		return e, IPv4, nil
	}
	e.from, e.to = halves(from), halves(to)
	return e, IPv6, nil
}

func parseEnd(text string) (netip.Addr, error) {
	a, err := netip.ParseAddr(text)
	switch {
	case text != "" && strings.Trim(text, "0123456789") == "":
		return a, fmt.Errorf("%s is an address as a number, which may be of either family: take the list with addresses, whose name has no \"num\"", cut(text))
	case err != nil || a.Zone() != "":
		return a, fmt.Errorf("%s is no address", cut(text))
	case a.Is4In6():
		return a, fmt.Errorf("%s is an IPv4 address, and written as one of IPv6", text)
	}
	return a, nil
}

// cut returns the beginning of a text in quotes.
func cut(text string) string {
	const most = 60
	if len(text) > most {
		return fmt.Sprintf("%q...", text[:most])
	}
	return fmt.Sprintf("%q", text)
}

func compare(a, b [2]uint64) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) }

// newTable makes a table of ranges, whose order it changes.
func newTable(family Family, list []entry) *Table {
	slices.SortFunc(list, func(a, b entry) int { return compare(a.from, b.from) })
	t := &Table{family: family, ranges: len(list)}
	var over byLine // that reach to at, and some that end before it below others
	at, more := list[0].from, true
	for i := 0; more; {
		for ; i < len(list) && list[i].from == at; i++ {
			heap.Push(&over, &list[i])
		}
		for len(over) > 0 && compare(over[0].to, at) < 0 {
			heap.Pop(&over)
		}
		next, ends := at, false // where the one that tells ends
		if len(over) > 0 {
			t.add(at, over[0].code)
			next, ends = family.next(over[0].to)
		} else {
			t.add(at, 0)
		}
		switch {
		case i < len(list) && (!ends || compare(list[i].from, next) < 0):
			at = list[i].from
		case ends:
			at = next
		default:
			more = false
		}
	}
	t.index()
	return t
}

// byLine is a heap of ranges, the last line's on top.
type byLine []*entry

func (h byLine) Len() int           { return len(h) }
func (h byLine) Less(i, j int) bool { return h[i].line > h[j].line }
func (h byLine) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push and Pop are for package heap.
func (h *byLine) Push(e any) { *h = append(*h, e.(*entry)) } //nolint:forcetypeassert // newTable pushes

// Pop takes the last one out.
func (h *byLine) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// add begins a span, where it is of another country than the one before.
func (t *Table) add(from [2]uint64, code uint16) {
	if n := len(t.codes); n > 0 && t.codes[n-1] == code || n == 0 && code == 0 {
		return
	}
	t.codes = append(t.codes, code)
	if t.family == IPv4 {
		t.starts4 = append(t.starts4, uint32(from[1]))
	} else {
		t.starts6 = append(t.starts6, from)
	}
}
