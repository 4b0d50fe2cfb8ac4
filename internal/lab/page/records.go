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

// merge takes what is another each time out of records: times, ephemeral ports that no step names, and in how many windows a flow is. Sizes and flags are the first one's. They are ordered by what is left.
func merge(all *lab.Recorded, steps []lab.Step) (out []record) {
	byKey := map[string]int{}
	for _, row := range all.Rows {
		r := slices.Clone(row)
		for i, field := range all.Fields {
			switch field {
			case "start":
				r[i] = anyStart
			case "end":
				r[i] = anyEnd
			case "srcport", "dstport":
				if n, err := strconv.Atoi(r[i]); err == nil && n >= ephemeral && !slices.ContainsFunc(steps, func(s lab.Step) bool { return int(s.TCP) == n }) {
					r[i] = anyPort
				}
			}
		}
		key := lasting(all.Fields, r)
		if at, ok := byKey[key]; ok {
			out[at].times++
			continue
		}
		byKey[key] = len(out)
		out = append(out, record{r, 1})
	}
	slices.SortFunc(out, func(a, b record) int {
		return strings.Compare(lasting(all.Fields, a.fields), lasting(all.Fields, b.fields))
	})
	return out
}

// lasting are the values of a record that are the same in each run, as text that can be ordered by.
func lasting(fields, values []string) string {
	var out []string
	for i, value := range values {
		if f := fields[i]; f != "bytes" && f != "tcp-flags" && !strings.HasPrefix(f, "packets") { // packets-lost-no-route and its like too
			out = append(out, value)
		}
	}
	return strings.Join(out, " ")
}

// The block of a page that has records.
const recordsBegin, recordsEnd = "```records\n", "```\n"

// recordBlock writes records as AWS does, behind the names of their fields.
func recordBlock(fields []string, all []record) string {
	var b strings.Builder
	b.WriteString(recordsBegin + strings.Join(fields, " ") + "\n")
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
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(page, recordsBegin)
		block, after, whole := strings.Cut(rest, recordsEnd)
		if !ok || !whole {
			return b.String() + page
		}
		b.WriteString(before + recordsBegin)
		var fields []string
		for line := range strings.Lines(block) {
			line, _, _ = strings.Cut(line, "  # ")
			values := strings.Fields(line)
			if fields == nil {
				fields = values
			}
			if len(values) == len(fields) {
				line = lasting(fields, values)
			}
			b.WriteString(strings.TrimSpace(line) + "\n")
		}
		b.WriteString(recordsEnd)
		page = after
	}
}
