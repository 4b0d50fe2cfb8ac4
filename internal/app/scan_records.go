package app

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"weir/internal/diagnose"
)

// scanSides are the records of TCP and UDP, each once, as of who began (source) and of whom it
// asked (host). Its argument is a further condition. Who began is told by a SYN without ACK, or is who has the higher port; without
// tcp-flags also who sends from a port that clients use (32768 and above) and is not
// answered, so that scans of high ports are seen. begins: it may begin a connection; rst: it is
// of RST alone, by the flags, or guessed from packets without options and payload (40 bytes
// over IPv4, 60 over IPv6), as SYN and ACK have options.
const scanSides = `
WITH flows AS (
	SELECT *, CASE WHEN pkt_srcaddr IS NULL OR pkt_dstaddr IS NULL THEN srcaddr ELSE pkt_srcaddr END AS src,
		CASE WHEN pkt_srcaddr IS NULL OR pkt_dstaddr IS NULL THEN dstaddr ELSE pkt_dstaddr END AS dst,
		CASE WHEN protocol = 6 THEN tcp_flags END AS flags, coalesce(start, epoch(weir_hour)::BIGINT) AS since
	FROM vpc_flow_logs
	WHERE action IS NOT NULL AND weir_repeat IS NULL AND protocol IN (6, 17) AND srcport <> dstport AND srcaddr IS NOT NULL AND dstaddr IS NOT NULL%s
), ways AS (
	SELECT *, CASE WHEN flags & 18 = 2 THEN TRUE WHEN flags & 18 = 18 OR flags = 4 THEN FALSE WHEN flags IS NOT NULL THEN dstport < srcport
			ELSE dstport < srcport OR coalesce(weir_pair, '') = 'none' AND srcport >= 32768 END AS request,
		CASE WHEN protocol = 17 THEN FALSE WHEN flags IS NOT NULL THEN flags = 4 ELSE coalesce(bytes = packets * CASE WHEN contains(src, ':') THEN 60 ELSE 40 END, FALSE) END AS rst
	FROM flows
), sides AS (
	SELECT *, request AND (flags IS NULL OR flags & 18 = 2) AS begins,
		CASE WHEN request THEN src ELSE dst END AS source, CASE WHEN request THEN dst ELSE src END AS host,
		CASE WHEN request THEN dstport ELSE srcport END AS port, CASE WHEN request THEN srcport ELSE dstport END AS client, since // 3600 AS hour
	FROM ways
)`

// candidateSQL are questions for what may be over a threshold; what is, package diagnose says.
// Each gives source, host, protocol and port, NULL where any is meant.
const (
	bruteSQL = `
SELECT DISTINCT source, NULL, protocol, port FROM (
	SELECT source, protocol, port FROM sides WHERE begins AND (protocol, port) IN (%s) GROUP BY source, host, protocol, port, hour HAVING count(*) >= %d)`
	failedSQL     = ` WHERE begins AND (action = 'REJECT' OR weir_pair IN ('none', 'rejected')) OR NOT request AND action = 'ACCEPT' AND rst `
	horizontalSQL = `
SELECT DISTINCT source, NULL, protocol, port FROM (SELECT source, protocol, port FROM sides` + failedSQL + `GROUP BY source, protocol, port, hour HAVING count(DISTINCT host) >= %d)`
	verticalSQL = `
SELECT DISTINCT source, host, protocol, NULL FROM (SELECT source, host, protocol FROM sides` + failedSQL + `GROUP BY source, host, protocol, hour HAVING count(DISTINCT port) >= %d)`
	distributedSQL = `
SELECT DISTINCT NULL, host, protocol, port FROM (
	SELECT host, protocol, port FROM sides WHERE begins AND (protocol, port) IN (%s) AND NOT regexp_matches(source, '^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|f[cd])')
	GROUP BY host, protocol, port, hour HAVING count(DISTINCT source) >= %d)`
)

// attemptsSQL counts attempts; its argument is a condition. An attempt is a client port in an
// hour; where a record opens a connection that is answered, each of its windows is one.
const attemptsSQL = `
, clients AS (
	SELECT source, host, protocol, port, hour, client, bool_or(begins) AS begun,
		count(DISTINCT since) FILTER (begins AND flags IS NOT NULL AND weir_pair = 'accepted') AS sure,
		coalesce(bool_or(begins AND action = 'REJECT'), FALSE) AS refused,
		coalesce(bool_or(begins AND weir_pair = 'rejected' OR NOT request AND action = 'REJECT'), FALSE) AS reply_refused,
		coalesce(bool_or(begins AND action = 'ACCEPT' AND weir_pair = 'accepted' OR NOT request AND action = 'ACCEPT'), FALSE) AS answered,
		coalesce(bool_and(rst) FILTER (NOT request AND action = 'ACCEPT'), FALSE)
			AND (bool_and(flags IS NOT NULL) OR coalesce(sum(packets) FILTER (NOT request), 0) <= 7) AS reset,
		coalesce(bool_or(begins AND action = 'ACCEPT' AND weir_pair = 'none'), FALSE) AS unanswered,
		bool_or(begins AND flags IS NULL AND protocol = 6) AS guessed,
		coalesce(sum(bytes), 0) AS bytes, max(coalesce("end", since)) - min(since) AS seconds, min(since) AS first, max(coalesce("end", since)) AS last,
		arg_max(%[2]s, %[3]s) FILTER (begins AND action = 'ACCEPT') AS yes, arg_max(%[2]s, %[3]s) FILTER (begins AND action = 'REJECT') AS no
	FROM sides WHERE %[1]s GROUP BY ALL
), fates AS (
	SELECT *, CASE WHEN NOT begun THEN 0 ELSE greatest(1, sure) END AS attempts, CASE WHEN answered AND reset THEN 'reset' WHEN answered THEN 'answered'
		WHEN reply_refused THEN 'reply-refused' WHEN refused THEN 'refused' WHEN unanswered THEN 'unanswered' ELSE 'unknown' END AS fate
	FROM clients
)
SELECT source, host, protocol, port, hour, sum(attempts)::BIGINT, coalesce(sum(attempts) FILTER (fate = 'refused'), 0)::BIGINT,
	coalesce(sum(attempts) FILTER (fate = 'reply-refused'), 0)::BIGINT, coalesce(sum(attempts) FILTER (fate = 'unanswered'), 0)::BIGINT,
	coalesce(sum(attempts) FILTER (fate = 'reset'), 0)::BIGINT, coalesce(sum(attempts) FILTER (fate = 'answered'), 0)::BIGINT,
	coalesce(sum(attempts) FILTER (fate = 'unknown'), 0)::BIGINT, sum(bytes)::BIGINT, max(bytes)::BIGINT, max(seconds)::BIGINT, min(first)::BIGINT, max(last)::BIGINT,
	coalesce(bool_or(guessed), FALSE),
	coalesce(arg_max(yes, last) FILTER (fate <> 'refused' AND starts_with(yes, 'ingress')), arg_max(yes, last) FILTER (fate <> 'refused'),
		arg_max(no, last), arg_max(yes, last), '')
FROM fates GROUP BY source, host, protocol, port, hour HAVING sum(attempts) > 0 LIMIT %[4]d`

// sightSQL writes a record as a sighting, and sightOrder orders them.
const (
	sightSQL   = `concat_ws(' ', coalesce(weir_direction, 'undecided'), action, coalesce(interface_id, resource_id, '-'), client, coalesce("end", since))`
	sightOrder = `CASE WHEN weir_direction = 'ingress' THEN 10000000000 ELSE 0 END + coalesce("end", since)`
)

// maxAttempts bounds the rows of attempts that are looked at, and maxScanCandidates what they are
// asked for by.
const (
	maxAttempts       = 500_000
	maxScanCandidates = 10_000
)

// candidates returns the condition of the records that may be of a brute force or a scan, ""
// where there are none.
func (w *scan) candidates() (string, error) {
	t := &w.req.Thresholds
	var logins []string
	for _, l := range diagnose.LoginServices {
		logins = append(logins, fmt.Sprintf("(%d, %d)", l.Protocol, l.Port))
	}
	list := strings.Join(logins, ", ")
	lists := map[string][]string{}
	n := 0
	for _, sql := range []string{fmt.Sprintf(bruteSQL, list, t.Attempts), fmt.Sprintf(horizontalSQL, t.Hosts), fmt.Sprintf(verticalSQL, t.Ports), fmt.Sprintf(distributedSQL, list, t.Sources)} {
		err := eachAnswer(w.ctx, w.s, SQLRequest{SQL: fmt.Sprintf(scanSides, "") + sql, Scope: w.req.Scope}, func(row []any) {
			var names, values []string
			for i, name := range []string{"source", "host", "protocol", "port"} {
				switch v := row[i].(type) {
				case nil:
					continue
				case string:
					values = append(values, sqlText(v))
				default:
					values = append(values, valueText(v))
				}
				names = append(names, name)
			}
			of := "(" + strings.Join(names, ", ") + ")"
			if value := "(" + strings.Join(values, ", ") + ")"; !slices.Contains(lists[of], value) {
				lists[of] = append(lists[of], value)
				n++
			}
		})
		if err != nil {
			return "", err
		}
		if n > maxScanCandidates {
			return "", &UsageError{Message: fmt.Sprintf("more than %d sources and services are over the thresholds", maxScanCandidates), Hint: "ask for a shorter time, or set the thresholds higher"}
		}
	}
	var or []string
	for _, of := range []string{"(source, protocol, port)", "(source, host, protocol)", "(host, protocol, port)"} {
		if len(lists[of]) > 0 {
			or = append(or, of+" IN ("+strings.Join(lists[of], ", ")+")")
		}
	}
	return strings.Join(or, " OR "), nil
}

// attempts counts the attempts of records that meet a condition. Where addresses are given, in
// SQL, one end of these records is among them: the engine passes over what others have.
func (w *scan) attempts(where string, among ...string) ([]diagnose.Attempts, error) {
	var out []diagnose.Attempts
	ends := ""
	if len(among) > 0 {
		in := " IN (" + strings.Join(among, ", ") + ")"
		ends = " AND (srcaddr" + in + " OR dstaddr" + in + " OR pkt_srcaddr" + in + " OR pkt_dstaddr" + in + ")"
	}
	sql := fmt.Sprintf(scanSides, ends) + fmt.Sprintf(attemptsSQL, where, sightSQL, sightOrder, maxAttempts+1)
	err := eachAnswer(w.ctx, w.s, SQLRequest{SQL: sql, Scope: w.req.Scope}, func(row []any) {
		a, err := attemptsOf(row)
		if err == nil {
			out = append(out, a)
		}
	})
	if err == nil && len(out) > maxAttempts {
		err = &UsageError{Message: "there are too many attempts to look at", Hint: "ask for a shorter time, or set the thresholds higher"}
	}
	return out, err
}

// attemptsOf reads a row of attemptsSQL. It fails where an address is none: such a record is
// of no connection.
func attemptsOf(row []any) (diagnose.Attempts, error) {
	source, err := netip.ParseAddr(valueText(row[0]))
	if err != nil {
		return diagnose.Attempts{}, err
	}
	host, err := netip.ParseAddr(valueText(row[1]))
	if err != nil {
		return diagnose.Attempts{}, err
	}
	n := func(i int) int64 { return integer(row[i]) }
	a := diagnose.Attempts{
		Source: source, Host: host, Service: diagnose.Service{Protocol: int(n(2)), Port: int(n(3))}, Hour: n(4),
		Fates:  diagnose.Fates{Attempts: n(5), Refused: n(6), ReplyRefused: n(7), Unanswered: n(8), Reset: n(9), Answered: n(10), Unknown: n(11)},
		Volume: diagnose.Volume{Bytes: n(12), MostBytes: n(13), Longest: n(14), First: n(15), Last: n(16)},
	}
	a.Guessed, _ = row[17].(bool)
	a.ClientPort = -1
	if seen := strings.Fields(valueText(row[18])); len(seen) == 5 {
		a.Direction, a.Action, a.Interface = seen[0], seen[1], seen[2]
		if port, err := strconv.Atoi(seen[3]); err == nil {
			a.ClientPort = port
		}
		a.End, err = strconv.ParseInt(seen[4], 10, 64)
	}
	return a, err
}
