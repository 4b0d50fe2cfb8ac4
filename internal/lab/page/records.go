package page

import (
	"slices"
	"strconv"
	"strings"

	"weir/internal/lab"
)

// ephemeral is the first port that Linux gives to those who ask for any (net.ipv4.ip_local_port_range).
const ephemeral = 32768

// What stands for values that are others each time.
const anyStart, anyEnd, anyPort = "START", "END", "PORT"

// A record is one or more records that differ in time, sizes and flags only.
type record struct {
	fields []string
	times  int // how many there were
}

// field returns where a field of [lab.RecordFields] is.
func field(name string) int { return slices.Index(lab.RecordFields, name) }

// merge takes what is another each time out of records: times, ephemeral ports that no step names, and in how many windows a flow is. Sizes and flags are the first one's. They are ordered by what is left.
func merge(rows [][]string, steps []lab.Step) (out []record) {
	byKey := map[string]int{}
	for _, row := range rows {
		r := slices.Clone(row)
		r[field("start")], r[field("end")] = anyStart, anyEnd
		for _, at := range []int{field("srcport"), field("dstport")} {
			if n, err := strconv.Atoi(r[at]); err == nil && n >= ephemeral && !slices.ContainsFunc(steps, func(s lab.Step) bool { return int(s.TCP) == n }) {
				r[at] = anyPort
			}
		}
		key := lasting(r)
		if at, ok := byKey[key]; ok {
			out[at].times++
			continue
		}
		byKey[key] = len(out)
		out = append(out, record{r, 1})
	}
	slices.SortFunc(out, func(a, b record) int { return strings.Compare(lasting(a.fields), lasting(b.fields)) })
	return out
}

// lasting are the fields of a record that are the same in each run, as text that can be ordered by.
func lasting(fields []string) string {
	var out []string
	for i, f := range fields {
		switch lab.RecordFields[i] {
		case "packets", "bytes", "tcp-flags":
		default:
			out = append(out, f)
		}
	}
	return strings.Join(out, " ")
}

// The block of a page that has records.
const recordsBegin, recordsEnd = "```records\n", "```\n"

// recordBlock writes records as AWS does, behind the names of their fields.
func recordBlock(all []record) string {
	var b strings.Builder
	b.WriteString(recordsBegin + strings.Join(lab.RecordFields, " ") + "\n")
	for _, r := range all {
		b.WriteString(strings.Join(r.fields, " "))
		if r.times > 1 {
			b.WriteString("  # and " + strconv.Itoa(r.times-1) + " more")
		}
		b.WriteString("\n")
	}
	return b.String() + recordsEnd
}

// Same reports whether two pages say the same: all but the packets, bytes and TCP flags of records, and how many more of them there are. A busy machine sends a packet again, or has a
// flow be in two windows.
func Same(a, b string) bool { return withoutSizes(a) == withoutSizes(b) }

// withoutSizes is a page without what [Same] passes over.
func withoutSizes(page string) string {
	before, rest, ok := strings.Cut(page, recordsBegin)
	block, after, whole := strings.Cut(rest, recordsEnd)
	if !ok || !whole {
		return page
	}
	var b strings.Builder
	for line := range strings.Lines(block) {
		line, _, _ = strings.Cut(line, "  # ")
		if fields := strings.Fields(line); len(fields) == len(lab.RecordFields) {
			line = lasting(fields)
		}
		b.WriteString(strings.TrimSpace(line) + "\n")
	}
	return before + recordsBegin + b.String() + recordsEnd + after
}
