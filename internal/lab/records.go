package lab

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"weir/flowlog"
)

// Recorded are records of a scenario's traffic, of one kind of flow logs. Values are text, as in a flow log.
type Recorded struct {
	// Of says what has recorded them, for people.
	Of     string
	Fields []string
	Rows   [][]string
}

// recordFields are what is shown of the records of network interfaces, in order: AWS's fields of version 2, and what explains an action.
var recordFields = []string{
	"version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end", "action", "log-status",
	"tcp-flags", "flow-direction", "weir-reject-stage", "weir-reject-rule",
}

// mostWindow is how long a window is at most, in seconds: a record without packets has the start of its window.
const mostWindow = 60

// mostAhead is how long before a packet was sent its record may begin: the agent knows the kernel's clock, by which packets are timed, to some milliseconds of the wall's. Of twelve that were sent in the
// first millisecond of a second one began in the second before.
const mostAhead = 100 * time.Millisecond

// Records returns the records of a scenario that was played in the lab of a folder: those of its own flow logs where it has some, and else those of the lab's. They are between the ends of each step, at its port or of
// its protocol, with what a NAT gateway makes of it, and began while the scenario was played (to the second); what others send there at the same time is among them. A step whose ends are not known has none. Those
// without packets (NODATA, SKIPDATA) are of the log-status that the scenario's answer has, and of its ends. Where steps are from one VPC to another, the transit gateway may have some too.
func Records(ctx context.Context, dir string, r *Result, program Program) ([]Recorded, error) {
	data := (&state{Dir: dir}).path(dataFolder)
	enis := Recorded{Of: "network interfaces", Fields: recordFields}
	if len(r.FlowLogs) > 0 {
		data = filepath.Join(dir, ownFolder, r.Name, dataFolder)
		enis = Recorded{Of: "network interfaces, in flow logs of the scenario's own", Fields: append(slices.Clone(recordFields), "weir-flow-log-id")}
	}
	transit := Recorded{Of: "attachments of the transit gateway, in its flow log", Fields: flowlog.DefaultFormat(flowlog.KindTGW).Names()}
	during := fmt.Sprintf(`"start" BETWEEN %d AND %d AND `, r.Began.Add(-mostAhead).Unix(), r.Ended.Unix()+1)
	near, far := r.between(during)
	if c := r.withoutPackets(); c != "" {
		near = append(near, c)
	}
	var out []Recorded
	for _, from := range []struct {
		table      string
		conditions []string
		Recorded
	}{{"vpc_flow_logs", near, enis}, {"tgw_flow_logs", far, transit}} {
		if len(from.conditions) == 0 {
			continue
		}
		sql := fmt.Sprintf(`SELECT %s FROM %s WHERE %s ORDER BY "start"`, columns(from.Fields), from.table, strings.Join(from.conditions, " OR "))
		text, err := (&place{patience: mostUp}).output(ctx, program, []string{"query", "--data", data, "--from", strconv.FormatInt(r.Began.Unix()-mostWindow, 10), sql, "--format", "csv"})
		if err != nil {
			return nil, err
		}
		if from.Rows, err = parseRows(text); err != nil {
			return nil, err
		}
		if len(from.Rows) > 0 {
			out = append(out, from.Recorded)
		}
	}
	return out, nil
}

// columns names fields as SQL does.
func columns(fields []string) string {
	out := make([]string, len(fields))
	for i, field := range fields {
		out[i] = `"` + strings.ReplaceAll(field, "-", "_") + `"`
	}
	return strings.Join(out, ", ")
}

// between returns the SQL conditions of a scenario's traffic at a time: near those of network interfaces' records, far of the transit gateway's, which are of what goes from one VPC to another.
func (r *Result) between(at string) (near, far []string) {
	for i, step := range r.Traffic {
		d := r.Labs[i]
		if c := d.recordsOf(step, "srcaddr dstaddr", "pkt_srcaddr pkt_dstaddr"); c != "" && !slices.Contains(near, at+c) {
			near = append(near, at+c)
		}
		from, to := d.vpcOf(step.From), d.vpcOf(step.To)
		if c := d.recordsOf(step, "srcaddr dstaddr"); from != "" && to != "" && from != to && !slices.Contains(far, at+c) {
			far = append(far, at+c)
		}
	}
	return near, far
}

// vpcOf is the VPC of a host; "" of an end in the internet.
func (d *Definition) vpcOf(name string) string {
	if _, ok := d.Hosts[name]; !ok {
		return ""
	}
	return d.eni(name).VPC
}

// withoutPackets returns the SQL condition of records without packets, of a log-status that the scenario's answer has and of its ends; "": it has none.
func (r *Result) withoutPackets() string {
	var statuses, ends []string
	for _, row := range r.Answer {
		for _, value := range row {
			if s := "'" + value + "'"; (value == "NODATA" || value == "SKIPDATA") && !slices.Contains(statuses, s) {
				statuses = append(statuses, s)
			}
		}
	}
	for i, step := range r.Traffic {
		for _, name := range []string{step.From, step.To} {
			if _, ok := r.Labs[i].Hosts[name]; ok {
				ends = append(ends, "'"+r.Labs[i].eni(name).ID+"'")
			}
		}
	}
	if len(statuses) == 0 || len(ends) == 0 {
		return ""
	}
	return fmt.Sprintf("log_status IN (%s) AND interface_id IN (%s)", strings.Join(statuses, ", "), strings.Join(ends, ", "))
}

// recordsOf returns the SQL condition of a step's records, by the columns of both addresses; "": its ends are not known.
func (d *Definition) recordsOf(s Step, columns ...string) string {
	from, to := d.recordedAs(s.From, s.IPv6), d.recordedAs(s.To, s.IPv6)
	if len(from) == 0 || len(to) == 0 {
		return ""
	}
	if _, out := d.Internet[s.To]; out && !s.IPv6 {
		from = append(from, d.gateways()...)
	}
	a, b := "("+strings.Join(from, ", ")+")", "("+strings.Join(to, ", ")+")"
	var between []string
	for _, ends := range columns {
		source, destination, _ := strings.Cut(ends, " ")
		between = append(between, fmt.Sprintf("%[1]s IN %[3]s AND %[2]s IN %[4]s OR %[1]s IN %[4]s AND %[2]s IN %[3]s", source, destination, a, b))
	}
	const same = " AND (%s) IS NOT FALSE" // a LogFormat may have no protocol
	what, port := "", s.TCP
	if spoken := s.protocols(); len(spoken) > 0 {
		port = spoken[0].port
	}
	switch {
	case s.Ping:
		what = fmt.Sprintf(same, "protocol IN (1, 58)")
	case s.UDP != 0:
		what = fmt.Sprintf(same, "protocol = 17") + fmt.Sprintf(" AND %d IN (srcport, dstport)", s.UDP)
	default:
		what = fmt.Sprintf(same, "protocol = 6") + fmt.Sprintf(" AND %d IN (srcport, dstport)", port)
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
