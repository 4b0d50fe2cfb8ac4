package config

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"weir/flowlog"
)

// These are what ids look like. A definition in YAML may have other ids of resources than AWS's.
var (
	flowLogID = regexp.MustCompile(`^fl-[0-9a-z]+$`)
	account   = regexp.MustCompile(`^[0-9]{12}$`)
	region    = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]+$`)
)

// flowLogs reads the flow logs, by id.
func (r *reader) flowLogs(c *Config, n *yaml.Node) error {
	all, err := r.pairs(n, "a mapping of ids to flow logs")
	if err != nil {
		return err
	}
	for _, p := range all {
		if !flowLogID.MatchString(p.key.Value) {
			return r.bad(p.key, "%q is no id of a flow log, such as fl-0123456789abcdef0", p.key.Value)
		}
		l, err := r.flowLog(p.value)
		if err != nil {
			return err
		}
		l.ID, l.Place = p.key.Value, placeOf(p.key)
		c.FlowLogs = append(c.FlowLogs, *l)
	}
	return nil
}

// intervals are AWS's maximum aggregation intervals, in seconds, the default first. Source: EC2 API reference, CreateFlowLogs.
var intervals = []string{"600", "60"}

func (r *reader) flowLog(n *yaml.Node) (*FlowLog, error) {
	l := &FlowLog{}
	interval, form := "", "plain-text"
	every := time.Duration(0)
	var layout *yaml.Node    // the LogFormat
	var options []*yaml.Node // AWS's DestinationOptions
	option := func(read func(*yaml.Node) error) func(*yaml.Node) error {
		return func(n *yaml.Node) error {
			options = append(options, n)
			return read(n)
		}
	}
	err := r.mapping(n, "a flow log",
		keyed{"resource", true, r.text(&l.Resource)},
		keyed{"traffic", false, r.oneOf(&l.Traffic, "ACCEPT", "REJECT", "ALL")},
		keyed{"destination", true, func(n *yaml.Node) error { return r.destination(l, n) }},
		keyed{"format", false, func(n *yaml.Node) error { layout = n; return nil }},
		keyed{"interval", false, r.oneOf(&interval, intervals...)},
		keyed{"close-every", false, func(n *yaml.Node) error { return r.closeEvery(&every, n) }},
		keyed{"account", false, r.matching(&l.Account, account, "account of 12 digits")},
		keyed{"region", false, r.matching(&l.Region, region, "region, such as us-east-1")},
		keyed{"file-format", false, option(r.oneOf(&form, "plain-text", "parquet"))},
		keyed{"hive-partitions", false, option(r.truth(&l.Hive))},
		keyed{"hourly-partitions", false, option(r.truth(&l.Hourly))},
	)
	if err != nil {
		return nil, err
	}
	if err := r.kind(l, n, layout, interval); err != nil {
		return nil, err
	}
	if t := l.Delivery.Type; len(options) > 0 && (t == CloudWatchLogs || t == Firehose) {
		return nil, r.bad(options[0], "DestinationOptions are only for the destination type s3: a log group and a delivery stream get lines of text")
	}
	if every > 0 {
		l.Interval = every
	}
	l.Parquet = form == "parquet"
	return l, nil
}

// OfTransit reports whether the flow log is of a transit gateway or an attachment of one, which are known by their ids, as CreateFlowLogs knows them: its records have
// fields of their own.
func (l *FlowLog) OfTransit() bool { return strings.HasPrefix(l.Resource, "tgw-") }

// Kind is the kind of its records.
func (l *FlowLog) Kind() flowlog.Kind {
	if l.OfTransit() {
		return flowlog.KindTGW
	}
	return flowlog.KindVPC
}

// kind reads what of a flow log goes by its resource: traffic type, interval and LogFormat.
//
// Source: EC2 API reference, CreateFlowLogs: TrafficType is not supported for transit gateways, and MaxAggregationInterval must be 60 for them. Its default is 600 for all, so it has to be said;
// spec a.5, d.1.
func (r *reader) kind(l *FlowLog, n, layout *yaml.Node, interval string) error {
	l.Interval = 10 * time.Minute
	if interval == "60" {
		l.Interval = time.Minute
	}
	switch {
	case !l.OfTransit() && l.Traffic == "":
		return r.bad(n, "no traffic")
	case l.OfTransit() && l.Traffic != "":
		return r.bad(n, "traffic is not for transit gateways and their attachments: their flow logs have all")
	case l.OfTransit() && interval != "60":
		return r.bad(n, "the interval of transit gateways and their attachments must be 60: say interval: 60")
	}
	l.Format = flowlog.DefaultFormat(l.Kind())
	if layout == nil {
		return nil
	}
	return r.format(&l.Format, l.Kind(), layout)
}

// Own are weir's own fields that an agent's records have.
var Own = []flowlog.FieldID{flowlog.WeirWouldAction, flowlog.WeirRejectStage, flowlog.WeirRejectRule, flowlog.WeirAllowRules}

// format reads a LogFormat.
func (r *reader) format(to *flowlog.Format, kind flowlog.Kind, n *yaml.Node) error {
	var text string
	err := r.text(&text)(n)
	if err != nil {
		return err
	}
	if *to, err = ParseFormat(text, kind); err != nil {
		return r.bad(n, "%s", err)
	}
	return nil
}

// checkFields refuses what no record of an agent has.
func checkFields(f flowlog.Format, kind flowlog.Kind) error {
	if unknown := f.UnknownFields(); len(unknown) > 0 {
		return formatError("there is no field " + strings.Join(unknown, ", ") + "; weir fields lists them")
	}
	for i := range f.Len() {
		switch fd, _ := f.Field(i); {
		case fd.Own() && !slices.Contains(Own, fd.ID):
			return formatError(fd.Name + " is of the lake, and in no record of an agent")
		case fd.Own() && kind == flowlog.KindTGW:
			return formatError(fd.Name + " is of what rules decide, which they do not at a transit gateway")
		}
	}
	return nil
}
