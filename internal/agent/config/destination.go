package config

import (
	"errors"
	"net/url"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// What ARNs and names look like, as CreateFlowLogs takes them. A delivery stream's has a slash with AWS, and a colon in the documentation of CreateFlowLogs.
var (
	bucketARN  = regexp.MustCompile(`^arn:aws[a-z-]*:s3:::([^/]*)(/.*)?$`)
	groupARN   = regexp.MustCompile(`^arn:aws[a-z-]*:logs:([a-z0-9-]+):(\d{12}):log-group:([A-Za-z0-9._/#-]{1,512})(?::\*)?$`)
	streamARN  = regexp.MustCompile(`^arn:aws[a-z-]*:firehose:([a-z0-9-]+):(\d{12}):deliverystream[/:]([A-Za-z0-9._-]{1,64})$`)
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	groupName  = regexp.MustCompile(`^[A-Za-z0-9._/#-]{1,512}$`)
	streamName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	roleARN    = regexp.MustCompile(`^arn:aws[a-z-]*:iam::(\d{12}):role/[!-~]{1,576}$`)
	keyARN     = regexp.MustCompile(`^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+$`)
)

// mostPrefix is how long a prefix may be, in bytes: S3's keys have 1,024 at most, and those of flow logs some 250 after it.
const mostPrefix = 700

// destination reads where records go: a text, or a mapping with how it is reached.
func (r *reader) destination(l *FlowLog, n *yaml.Node) error {
	if n.Kind == yaml.MappingNode {
		return r.delivery(l, n)
	}
	var text string
	if err := r.text(&text)(n); err != nil {
		return err
	}
	switch {
	case strings.HasPrefix(text, "s3://"), strings.HasPrefix(text, "arn:") && strings.Contains(text, ":s3:"):
		return r.bucket(l, n)
	case strings.HasPrefix(text, "arn:") && strings.Contains(text, ":logs:"):
		return r.logGroup(l, n)
	case strings.HasPrefix(text, "arn:") && strings.Contains(text, ":firehose:"):
		return r.deliveryStream(l, n)
	case strings.Contains(text, "://"), strings.HasPrefix(text, "arn:"):
		return r.bad(n, "%s is no destination: there are folders, s3://BUCKET/PREFIX/, and ARNs of buckets, log groups and delivery streams", text)
	}
	l.Destination = r.path(text)
	return nil
}

// ParseDestination sets where a flow log's records go, as CreateFlowLogs says it: by the ARN of a bucket with its folder, of a log group or of a delivery stream, with the ARN of
// a role there that is assumed, "" for none. Parquet, Hive and Hourly have to be set before.
func ParseDestination(l *FlowLog, arn, role string) error {
	r, n := &reader{}, &yaml.Node{Kind: yaml.ScalarNode, Value: arn}
	err := error(&Error{Reason: arn + " is no ARN"})
	if strings.HasPrefix(arn, "arn:") {
		err = r.destination(l, n)
	}
	if err == nil && role != "" && !roleARN.MatchString(role) {
		err = r.bad(n, "%q is no ARN of a role", role)
	}
	if err == nil {
		l.Delivery.Role = role
		err = r.together(&l.Delivery, "", map[string]*yaml.Node{"role": n})
	}
	if err == nil && l.Delivery.Type != S3 && (l.Parquet || l.Hive || l.Hourly) {
		err = r.bad(n, "Parquet and partitions are for buckets")
	}
	if bad, ok := errors.AsType[*Error](err); ok {
		return errors.New(bad.Reason)
	}
	return err
}

// bucket reads a bucket with its prefix.
func (r *reader) bucket(l *FlowLog, n *yaml.Node) error {
	var text string
	if err := r.text(&text)(n); err != nil {
		return err
	}
	name, prefix := "", ""
	if rest, ok := strings.CutPrefix(text, "s3://"); ok {
		name, prefix, _ = strings.Cut(rest, "/")
	} else if m := bucketARN.FindStringSubmatch(text); m != nil {
		name, prefix = m[1], strings.TrimPrefix(m[2], "/")
	} else {
		return r.bad(n, "%s is no bucket, which is s3://BUCKET, s3://BUCKET/PREFIX/ or arn:aws:s3:::BUCKET/PREFIX/", text)
	}
	if !bucketName.MatchString(name) {
		return r.bad(n, "%q is no name of a bucket", name)
	}
	if prefix != "" && !strings.HasSuffix(prefix, "/") {
		prefix += "/"
	}
	if len(prefix) > mostPrefix {
		return r.bad(n, "the prefix has %d bytes; %d are allowed", len(prefix), mostPrefix)
	}
	for part := range strings.SplitSeq(prefix, "/") {
		switch part {
		case "AWSLogs":
			return r.bad(n, "AWSLogs is no name for a folder: it is made of itself")
		case ".", "..":
			return r.bad(n, "%s is no name for a folder", part)
		}
	}
	l.Destination = text
	l.Delivery.Type, l.Delivery.Bucket, l.Delivery.Prefix = S3, name, prefix
	return nil
}

// logGroup reads a log group's name or ARN.
func (r *reader) logGroup(l *FlowLog, n *yaml.Node) error {
	d := &l.Delivery
	return r.named(l, n, groupARN, groupName, "log group, which is a name or arn:aws:logs:REGION:ACCOUNT:log-group:NAME", func(name string) {
		d.Type, d.LogGroup = CloudWatchLogs, name
	})
}

// deliveryStream reads a delivery stream's name or ARN.
func (r *reader) deliveryStream(l *FlowLog, n *yaml.Node) error {
	d := &l.Delivery
	return r.named(l, n, streamARN, streamName, "delivery stream, which is a name or arn:aws:firehose:REGION:ACCOUNT:deliverystream/NAME", func(name string) {
		d.Type, d.DeliveryStream = Firehose, name
	})
}

// named reads a name, or an ARN with region, account and name.
func (r *reader) named(l *FlowLog, n *yaml.Node, arn, name *regexp.Regexp, what string, take func(name string)) error {
	if err := r.text(&l.Destination)(n); err != nil {
		return err
	}
	if m := arn.FindStringSubmatch(l.Destination); m != nil {
		l.Delivery.Region, l.Delivery.Account = m[1], m[2]
		take(m[3])
		return nil
	}
	if !name.MatchString(l.Destination) {
		return r.bad(n, "%s is no %s", l.Destination, what)
	}
	take(l.Destination)
	return nil
}

// where are the keys of which a mapping has one: what it is.
var where = []string{"folder", "s3", "log-group", "firehose"}

// delivery reads a mapping that says where records go and how that is reached.
func (r *reader) delivery(l *FlowLog, n *yaml.Node) error {
	if err := r.one(n); err != nil {
		return err
	}
	d := &l.Delivery
	var region, owner string
	said := map[string]*yaml.Node{}
	key := func(name string, read func(*yaml.Node) error) keyed {
		return keyed{name, false, func(n *yaml.Node) error {
			said[name] = n
			return read(n)
		}}
	}
	err := r.mapping(n, "a destination",
		key("folder", func(n *yaml.Node) error {
			err := r.text(&l.Destination)(n)
			l.Destination = r.path(l.Destination)
			return err
		}),
		key("s3", func(n *yaml.Node) error { return r.bucket(l, n) }),
		key("log-group", func(n *yaml.Node) error { return r.logGroup(l, n) }),
		key("firehose", func(n *yaml.Node) error { return r.deliveryStream(l, n) }),
		key("region", r.text(&region)), // not only AWS has regions, and others call theirs otherwise
		key("endpoint", func(n *yaml.Node) error { return r.endpoint(&d.Endpoint, n) }),
		key("path-style", func(n *yaml.Node) error {
			d.PathStyle = new(bool)
			return r.truth(d.PathStyle)(n)
		}),
		key("profile", r.text(&d.Profile)),
		key("no-sign-request", r.truth(&d.NoSignRequest)),
		key("role", r.matching(&d.Role, roleARN, "ARN of a role, which is arn:aws:iam::ACCOUNT:role/NAME")),
		key("cross-account-role", r.matching(&d.CrossAccountRole, roleARN, "ARN of a role, which is arn:aws:iam::ACCOUNT:role/NAME")),
		key("kms-key", r.matching(&d.KMSKey, keyARN, "ARN of a key, which is arn:aws:kms:REGION:ACCOUNT:key/ID")),
		key("acl", r.oneOf(&d.ACL, "bucket-owner-full-control", "none")),
		key("bucket-owner", r.matching(&owner, account, "account of 12 digits")),
	)
	if err != nil {
		return err
	}
	if err := r.together(d, region, said); err != nil {
		return err
	}
	if region != "" {
		d.Region = region
	}
	if owner != "" {
		d.Account = owner
	}
	return nil
}

// one refuses a mapping that does not say just one destination.
func (r *reader) one(n *yaml.Node) error {
	all, err := r.pairs(n, "a destination")
	if err != nil {
		return err
	}
	was := ""
	for _, p := range all {
		for _, key := range where {
			switch {
			case p.key.Value != key:
			case was != "":
				return r.bad(p.key, "%s beside %s: it is one of %s", key, was, strings.Join(where, ", "))
			default:
				was = key
			}
		}
	}
	if was == "" {
		return r.bad(n, "it says no destination: one of %s does", strings.Join(where, ", "))
	}
	return nil
}

// only says which types a key is for.
var only = map[string][]DestinationType{
	"region": {S3, CloudWatchLogs, Firehose}, "endpoint": {S3, CloudWatchLogs, Firehose}, "profile": {S3, CloudWatchLogs, Firehose}, "role": {S3, CloudWatchLogs, Firehose},
	"path-style": {S3}, "no-sign-request": {S3}, "kms-key": {S3}, "acl": {S3}, "bucket-owner": {S3},
	"cross-account-role": {Firehose},
}

// endpoint reads the URL of a service.
func (r *reader) endpoint(to *string, n *yaml.Node) error {
	if err := r.text(to)(n); err != nil {
		return err
	}
	u, err := url.Parse(*to)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return r.bad(n, "it is no URL of a service, such as https://s3.example.org or http://127.0.0.1:9000")
	case u.User != nil: // it would stand in every error
		return r.bad(n, "a URL with a user or a password: credentials come from a profile or the environment")
	case u.RawQuery != "" || u.Fragment != "":
		return r.bad(n, "%s has a query or a fragment", *to)
	}
	return nil
}
