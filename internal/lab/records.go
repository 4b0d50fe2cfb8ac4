package lab

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// RecordFields are the fields that [Records] returns, in order: AWS's of version 2, and what explains an action.
var RecordFields = []string{
	"version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end", "action", "log-status",
	"tcp-flags", "flow-direction", "weir-reject-stage", "weir-reject-rule",
}

// Records returns the records of a scenario's traffic in the lab of a folder: those that began while it was played (to the second), between the ends of each step, at its port or of its
// protocol, and what a NAT gateway makes of it. Values are text, as in a flow log. The traffic between the same ends at the same port of another scenario that was played at the same time is
// among them. The scenario was played.
func Records(ctx context.Context, dir string, r *Result, program Program) ([][]string, error) {
	var conditions []string
	for i, step := range r.Traffic {
		if c := r.Labs[i].recordsOf(step); c != "" && !slices.Contains(conditions, c) {
			conditions = append(conditions, c)
		}
	}
	if len(conditions) == 0 {
		return nil, nil
	}
	columns := make([]string, len(RecordFields))
	for i, field := range RecordFields {
		columns[i] = `"` + strings.ReplaceAll(field, "-", "_") + `"`
	}
	sql := fmt.Sprintf(`SELECT %s FROM vpc_flow_logs WHERE "start" BETWEEN %d AND %d AND (%s) ORDER BY "start"`, strings.Join(columns, ", "), r.Began.Unix(), r.Ended.Unix()+1, strings.Join(conditions, " OR "))
	text, err := output(ctx, program, nil, []string{"query", "--data", (&state{Dir: dir}).path(dataFolder), "--from", strconv.FormatInt(r.Began.Unix(), 10), sql, "--format", "csv"})
	if err != nil {
		return nil, err
	}
	return parseRows(text)
}

// recordsOf returns the SQL condition of a step's records; "": its ends are not known.
func (d *Definition) recordsOf(s Step) string {
	from, to := d.recordedAs(s.From, s.IPv6), d.recordedAs(s.To, s.IPv6)
	if len(from) == 0 || len(to) == 0 {
		return ""
	}
	if _, out := d.Internet[s.To]; out && !s.IPv6 {
		from = append(from, d.gateways()...)
	}
	a, b := "("+strings.Join(from, ", ")+")", "("+strings.Join(to, ", ")+")"
	var between []string
	for _, ends := range [][2]string{{"srcaddr", "dstaddr"}, {"pkt_srcaddr", "pkt_dstaddr"}} {
		between = append(between, fmt.Sprintf("%[1]s IN %[3]s AND %[2]s IN %[4]s OR %[1]s IN %[4]s AND %[2]s IN %[3]s", ends[0], ends[1], a, b))
	}
	what := ""
	switch {
	case s.Ping:
		what = " AND protocol IN (1, 58)"
	case s.UDP != 0:
		what = fmt.Sprintf(" AND protocol = 17 AND %d IN (srcport, dstport)", s.UDP)
	case s.TCP != 0:
		what = fmt.Sprintf(" AND protocol = 6 AND %d IN (srcport, dstport)", s.TCP)
	}
	return "((" + strings.Join(between, " OR ") + ")" + what + ")"
}

// recordedAs returns the addresses of a family that records have of a host or an end in the internet, as SQL: of IPv4 interfaces see private addresses only.
func (d *Definition) recordedAs(name string, six bool) (out []string) {
	var all []netip.Addr
	if far, ok := d.Internet[name]; ok {
		all = []netip.Addr{far.Address, far.IPv6}
	} else if _, ok := d.Hosts[name]; ok {
		all = d.eni(name).Addresses
	}
	for _, a := range all {
		if a.IsValid() && a.Is6() == six {
			out = append(out, "'"+a.String()+"'")
		}
	}
	return out
}

// gateways are the private addresses of NAT gateways.
func (d *Definition) gateways() (out []string) {
	for _, host := range slices.Sorted(maps.Keys(d.Hosts)) {
		if d.isNAT(d.Hosts[host].ENI) {
			out = append(out, d.recordedAs(host, false)...)
		}
	}
	return out
}
