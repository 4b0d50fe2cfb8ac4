package app

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"weir/internal/diagnose"
)

// pairsOf counts the records of pairs of ends.
type pairsOf struct {
	counts map[recordPair]float64
	// ports are the first different ports of the client that a pair at a login service used, as many as 'weir scan' asks for: each is an attempt to it.
	ports map[recordPair][]string
	// from and to bound the times at which records of the lake start, in seconds since the epoch, which is what 'weir scan' goes by; to is behind the last, 0 where there is none.
	from, to int64
}

// startNear is how far the start of a record is from its event's time at most, in seconds, to be believed: AWS's events have it for their time, and who else
// puts records mostly gives them the time of the moment, which is later by the aggregation interval and the way.
const startNear = 3600

// A recordPair is who sent to whom.
type recordPair struct {
	recordEnds

	// textOf is the log group whose events are text, since it has no LogFormat: nothing but Logs Insights and filter patterns finds them. "" for records, which
	// are in the lake.
	textOf string
}

// add counts a record of a log group.
func (p *pairsOf) add(x recordEnds, group string, e *lakeEvent) {
	k := recordPair{recordEnds: recordEnds{src: x.src, dst: x.dst, dstPort: x.dstPort, protocol: x.protocol}}
	if e.format.Len() == 0 && e.delivered == 0 {
		k.textOf = group
	}
	p.counts[k]++
	if of := p.ports[k]; k.textOf == "" && loginTargets[[2]string{k.protocol, k.dstPort}] && len(of) < int(diagnose.DefaultThresholds.Attempts) && !slices.Contains(of, x.srcPort) {
		p.ports[k] = append(of, x.srcPort)
	}
	if at := floorSeconds(e.Timestamp); k.textOf != "" || x.start < at-startNear || x.start > at+startNear {
		return
	}
	if p.to == 0 {
		p.from = x.start
	}
	p.from, p.to = min(p.from, x.start), max(p.to, x.start+1)
}

// next adds to what is known of an alarm the commands to run next: of the pair that has most records.
func (p *pairsOf) next(to *evidence) {
	for _, top := range most(p.counts, func(k recordPair) string { return k.src + " " + k.target() }, 1) {
		k := top.key
		switch {
		case k.src == "" || k.dst == "":
		case k.textOf != "":
			to.Next = append(to.Next, tailCommand(k, to.From, to.To))
			to.Says = append(to.Says, fmt.Sprintf("The log group %s has no LogFormat: its events are text, which 'weir why' and 'weir scan' do not find; 'weir logs format %s default' makes records of those that come.",
				k.textOf, inShell(k.textOf)))
		default:
			to.Next = append(to.Next, whyCommand(k.recordEnds, to.To))
			if _, ports := protocolName(k.protocol); ports {
				from, until := to.From, max(to.To, p.to)
				if p.to != 0 {
					from = min(from, p.from)
				}
				to.Next = append(to.Next, scanCommand(from, until, len(p.ports[k])))
			}
		}
	}
}

// tailCommand returns the command that shows the events of a log group, in a time, that are of a pair's source.
func tailCommand(k recordPair, from, to int64) string {
	return fmt.Sprintf("weir logs tail %s --from %s --to %s --filter '\" %s \"'", inShell(k.textOf), seconds(from).Format(time.RFC3339), seconds(to).Format(time.RFC3339), k.src)
}

// inShell returns the name of a log group as shells take it: of what names have, they take # at the beginning for a comment.
func inShell(group string) string {
	if strings.HasPrefix(group, "#") {
		return "'" + group + "'"
	}
	return group
}

// whyCommand returns the command that says which rule decided about a pair.
func whyCommand(e recordEnds, at int64) string {
	to := e.dst
	if e.dstPort != "" && e.dstPort != "0" {
		if a, err := netip.ParseAddr(e.dst); err == nil && a.Is6() {
			to = "[" + to + "]"
		}
		to += ":" + e.dstPort
		if p, ok := protocolName(e.protocol); ok {
			to += "/" + p
		}
	}
	if strings.HasPrefix(to, "[") {
		to = "'" + to + "'" // zsh takes brackets for a pattern
	}
	return fmt.Sprintf("weir why %s %s --at %s", e.src, to, seconds(at-1).Format(time.RFC3339))
}

// scanCommand returns the command that finds attempts in a time, and says what lets them in and what would stop them. Attempts at a login service that are too few to be brute force
// in an hour, but were enough for an alarm, are to be found too; 0 where there are none.
func scanCommand(from, to int64, attempts int) string {
	out := "weir scan --from " + seconds(from).Format(time.RFC3339) + " --to " + seconds(to).Format(time.RFC3339)
	if attempts > 0 && int64(attempts) < diagnose.DefaultThresholds.Attempts {
		out += " --attempts " + strconv.Itoa(attempts)
	}
	return out
}

// loginTargets are the login services, as records write protocol and port.
var loginTargets = func() map[[2]string]bool {
	out := map[[2]string]bool{}
	for _, l := range diagnose.LoginServices {
		out[[2]string{strconv.Itoa(l.Protocol), strconv.Itoa(l.Port)}] = true
	}
	return out
}()
