package detection

import (
	"fmt"

	"weir/flowlog"
)

// attempts are the parameters of detections that count attempts.
func attempts(threshold float64, meaning string) []Parameter {
	return []Parameter{
		{Name: Threshold, Meaning: meaning, Unit: Count, Default: threshold},
		period(300),
	}
}

func period(seconds float64) Parameter {
	return Parameter{Name: Period, Meaning: "the time in which is counted", Unit: Seconds, Default: seconds}
}

// connection are the fields that tell who tried to connect where.
var connection = []flowlog.FieldID{flowlog.SrcAddr, flowlog.DstAddr, flowlog.SrcPort, flowlog.DstPort, flowlog.Protocol}

const howAttempts = "Counts the attempts of each source, towards network interfaces alone, refused and accepted ones apart. An attempt is a record of TCP with SYN and without ACK in its " +
	"tcp-flags; where the log group's LogFormat has no tcp-flags, it is a source port that the source used towards a destination in the period."

// outgoing are the fields that tell who was sent to.
var outgoing = []flowlog.FieldID{flowlog.DstAddr, flowlog.SrcPort, flowlog.DstPort, flowlog.Action}

const howNew = "Counts the %[2]s that a period has accepted traffic to, and none of the 14 days before it had. It learns for a day first, and says nothing meanwhile. Records count that leave network interfaces " +
	"for addresses outside of private, shared, link-local and multicast networks, from ports above 32767 to ports below 32768: so replies to whoever knocks from a new %[1]s do not count, and neither does ICMP, " +
	"nor traffic between two high ports. The lists that were imported say which %[1]s an address is of: a newer list may make one new. An address that has none does not count."

// table has all detections.
var table = []Detection{
	{
		Name: "ssh-bruteforce", Finds: "many attempts of a source at SSH (22/tcp)", How: howAttempts,
		Parameters: attempts(20, "attempts of one source"), Fields: append([]flowlog.FieldID{flowlog.Action}, connection...),
		build: func(b *builder) { b.logins("SSH", 22) },
	},
	{
		Name: "rdp-bruteforce", Finds: "many attempts of a source at RDP (3389/tcp)", How: howAttempts,
		Parameters: attempts(20, "attempts of one source"), Fields: append([]flowlog.FieldID{flowlog.Action}, connection...),
		build: func(b *builder) { b.logins("RDP", 3389) },
	},
	{
		Name: "port-scan", Finds: "a source that tries many ports, or many hosts",
		How: "Counts the distinct destination ports, and apart from them the distinct destination addresses, that each source tries by TCP, towards network interfaces alone. Where the log group's " +
			"LogFormat has tcp-flags, records with SYN and without ACK count; where it has none, records to ports below 32768 do, since replies go to ports above.",
		Parameters: attempts(25, "ports, or hosts, that one source tries"), Fields: connection,
		build: (*builder).scans,
	},
	{
		Name: "reject-spike", Finds: "more rejected records than in the hour before",
		How: "Compares the rejected records of a period with the average of those in the hour before it. It says nothing in its first hour.",
		Parameters: []Parameter{
			{Name: Threshold, Meaning: "rejected records in the period, at least", Unit: Count, Default: 100},
			{Name: Times, Meaning: "how many times the average of the hour before", Unit: Factor, Default: 5},
			{Name: Period, Meaning: "the time in which is counted, a part of an hour", Unit: Seconds, Default: 60},
		},
		Fields: []flowlog.FieldID{flowlog.SrcAddr, flowlog.Action},
		build:  (*builder).spike,
	},
	{
		Name: "new-country", Finds: "traffic to a country that had none for 14 days", How: fmt.Sprintf(howNew, "country", "countries"),
		Parameters: attempts(1, "new countries"), Fields: outgoing, Names: Countries,
		build: func(b *builder) { b.newcomers("dst-country", "countries") },
	},
	{
		Name: "new-aws-service", Finds: "traffic to a service of AWS that had none for 14 days",
		How:        fmt.Sprintf(howNew, "service", "services") + " An address that several services have is of all of them at once, which is a name of its own (EC2,S3); AMAZON is one that AWS names no service of.",
		Parameters: attempts(1, "new services"), Fields: outgoing, Names: Services,
		build: func(b *builder) { b.newcomers("dst-service", "services") },
	},
	{
		Name: "large-egress", Finds: "a source that sends much to outside of private networks",
		How: "Adds up the bytes that each source sends, in records from network interfaces, to addresses outside of private, shared, link-local and multicast networks.",
		Parameters: []Parameter{
			{Name: Threshold, Meaning: "bytes that one source sends", Unit: Bytes, Default: 1e9},
			period(3600),
		},
		Fields: []flowlog.FieldID{flowlog.SrcAddr, flowlog.DstAddr, flowlog.Bytes},
		build:  (*builder).egress,
	},
	{
		Name: "nat-bytes", Finds: "much traffic through NAT gateways",
		How: "Adds up the bytes of all records at the network interfaces of NAT gateways, which the imported definition names. What passes a gateway is recorded twice there, on its way in and on its way out, and counts twice.",
		Parameters: []Parameter{
			{Name: Threshold, Meaning: "bytes at all interfaces of NAT gateways", Unit: Bytes, Default: 10e9},
			period(3600),
		},
		Fields: []flowlog.FieldID{flowlog.InterfaceID, flowlog.SrcAddr, flowlog.DstAddr, flowlog.Bytes},
		NAT:    true,
		build:  (*builder).nat,
	},
	{
		Name: "loss", Finds: "records that were lost (SKIPDATA)",
		How:        "Counts records whose log-status is SKIPDATA: AWS lost records of that network interface. NODATA, which says that there was no traffic, does not count.",
		Parameters: attempts(1, "records that say SKIPDATA, of one network interface"),
		Fields:     []flowlog.FieldID{flowlog.InterfaceID, flowlog.LogStatus},
		build:      (*builder).loss,
	},
	{
		Name: "delivery-failed", Finds: "flow logs whose delivery fails", Of: OfFlowLogs,
		How: "Counts the flow logs whose delivery fails, of those that were made here and of those of the imported definition, whose DeliverLogsStatus is FAILED. The message says which they are, with their " +
			"errors. What the definition says holds until the network is imported again.",
		Parameters: []Parameter{
			{Name: Threshold, Meaning: "flow logs whose delivery fails", Unit: Count, Default: 1},
			period(60),
		},
		build: (*builder).undelivered,
	},
	{
		Name: "delivery-silent", Finds: "sources that deliver nothing for longer than usual", Of: OfFlowLogs,
		How: "Compares how long nothing came with what is usual, for each flow log of each source that is followed, and each log group that records are put into. Whatever comes ends the silence, also records of NODATA and files " +
			"without records. Usual is the second longest time between two that came in the 15 days before the last, and never less than 22 minutes: the longest aggregation interval, and how late AWS delivers. Time in which " +
			"weir serve did not run, or nobody followed the source, is no silence. A source is judged once it was watched for two days. The message says which are silent, since when, and what is usual.",
		Parameters: []Parameter{
			{Name: Times, Meaning: "how many times what is usual", Unit: Factor, Default: 3},
			period(60),
		},
		build: (*builder).silent,
	},
	{
		Name: "contradiction", Finds: "records that contradict the rules in force", Of: OfLake,
		How: "Counts the records of which the imported definition's security groups and network ACLs say otherwise (weirAttribution is contradiction), by a query every five minutes of those five " +
			"minutes that began 27 minutes before: late records have come by then. The message has the first ten of them. A record counts in the time of its start.",
		Parameters: []Parameter{{Name: Threshold, Meaning: "records that contradict, in five minutes", Unit: Count, Default: 1}},
		build:      (*builder).contradictions,
	},
}
