package source

import (
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
)

// Kind is the kind of place that a Spec names.
type Kind uint8

// The kinds of places.
const (
	// KindPath is a folder or a file.
	KindPath Kind = iota + 1
	// KindS3 is a bucket with a prefix.
	KindS3
	// KindStdin is "-".
	KindStdin
	// KindLogGroup is a log group of CloudWatch Logs.
	KindLogGroup
)

// Spec is a place as a person writes it.
type Spec struct {
	Kind Kind
	// Bucket and Prefix are set for KindS3. The prefix is one of strings, as S3
	// has it: it can end in the middle of a name.
	Bucket, Prefix string
	// Path is set for KindPath, as it was written.
	Path string
	// Group is the name of a KindLogGroup. Region and Account are set where it was
	// written as an ARN, and Partition then is the ARN's.
	Group, Region, Account, Partition string
}

// ARN returns a log group's ARN, without the ":*" that some of AWS's answers add, or
// "" where the account is not known.
func (s Spec) ARN() string {
	if s.Account == "" {
		return ""
	}
	return "arn:" + s.Partition + ":logs:" + s.Region + ":" + s.Account + ":log-group:" + s.Group
}

// String returns the spelling that ParseSpec reads back to the same Spec.
func (s Spec) String() string {
	switch s.Kind {
	case KindS3:
		if s.Prefix == "" {
			return "s3://" + s.Bucket
		}
		return "s3://" + s.Bucket + "/" + s.Prefix
	case KindStdin:
		return "-"
	case KindLogGroup:
		if arn := s.ARN(); arn != "" {
			return arn
		}
		return "cwl:" + s.Group
	}
	if schemeOf(s.Path) != "" || s.Path == "-" {
		return "./" + s.Path // a file may be called "-" or "s3:x"
	}
	return s.Path
}

// SpecError says why a place cannot be read as written. The hint is the spelling
// that was probably meant, or "".
type SpecError struct {
	Text, Reason, Hint string
}

// Error returns the place and the reason, without the hint.
func (e *SpecError) Error() string { return fmt.Sprintf("%q: %s", e.Text, e.Reason) }

// ParseSpec reads a place: s3://bucket/prefix, cwl:LOG-GROUP, file:///path, a path,
// "-", and what people copy from elsewhere where it can mean one thing only: the ARN
// of a bucket or a log group (as it stands in a flow log's LogDestination), the
// address of a bucket in the S3 console, and S3's own https addresses. Errors are
// [*SpecError].
func ParseSpec(text string) (Spec, error) {
	switch scheme := schemeOf(text); {
	case text == "":
		return Spec{}, &SpecError{text, "no place is given", ""}
	case text == "-":
		return Spec{Kind: KindStdin}, nil
	case scheme == "":
		return Spec{Kind: KindPath, Path: text}, nil
	case scheme == "s3":
		return parseS3(text)
	case scheme == "cwl":
		return parseLogGroup(text)
	case scheme == "arn":
		return parseARN(text)
	case scheme == "file":
		return parseFileURL(text)
	case scheme == "http" || scheme == "https":
		return parseHTTP(text)
	default:
		return Spec{}, &SpecError{text, "only folders, files, s3:// and cwl: can be read", ""}
	}
}

// scheme is what makes a text more than a path: a URL's scheme, or the
// beginnings "s3:", "file:" and "arn:" of misspelt ones.
var scheme = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*)://|^(?i:(s3|file|arn|cwl)):`)

// schemeOf returns the scheme in lower case, or "" for a path.
func schemeOf(text string) string {
	m := scheme.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	return strings.ToLower(m[1] + m[2])
}

// parseS3 reads s3://bucket/prefix. The prefix is not percent-decoded: the AWS
// CLI does not, and "%" may stand in a key.
func parseS3(text string) (Spec, error) {
	rest := text[len("s3:"):]
	if !strings.HasPrefix(rest, "//") {
		return Spec{}, &SpecError{text, "a bucket is written with two slashes", "s3://" + strings.TrimLeft(rest, "/")}
	}
	bucket, prefix, _ := strings.Cut(rest[2:], "/")
	return s3Spec(text, bucket, prefix)
}

// bucketName allows what S3 allows today, and upper case and "_" besides, which
// old buckets and other services have.
var bucketName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$`)

func s3Spec(text, bucket, prefix string) (Spec, error) {
	switch {
	case bucket == "":
		return Spec{}, &SpecError{text, "names no bucket", "s3://BUCKET/" + strings.TrimLeft(prefix, "/")}
	case strings.HasPrefix(strings.ToLower(bucket), "arn:"):
		return Spec{}, &SpecError{text, "an ARN stands without s3:// before it", strings.TrimPrefix(text, "s3://")}
	case !bucketName.MatchString(bucket):
		return Spec{}, &SpecError{text, fmt.Sprintf("%q is no bucket name", bucket), ""}
	}
	return Spec{Kind: KindS3, Bucket: bucket, Prefix: prefix}, nil
}

// groupName is the pattern of CloudWatch Logs for names of log groups.
var groupName = regexp.MustCompile(`^[.\-_/#A-Za-z0-9]{1,512}$`)

// parseLogGroup reads cwl:GROUP.
func parseLogGroup(text string) (Spec, error) {
	name := text[len("cwl:"):]
	switch {
	case name == "":
		return Spec{}, &SpecError{text, "names no log group", "cwl:LOG-GROUP"}
	case strings.HasPrefix(name, "arn:"):
		return Spec{}, &SpecError{text, "an ARN stands without cwl: before it", name}
	case strings.HasPrefix(name, "//"):
		return Spec{}, &SpecError{text, "a log group is written without slashes before its name", "cwl:" + strings.TrimLeft(name, "/") + " or cwl:/" + strings.TrimLeft(name, "/")}
	case !groupName.MatchString(name):
		return Spec{}, &SpecError{text, fmt.Sprintf("%q is no name of a log group", name), ""}
	}
	return Spec{Kind: KindLogGroup, Group: name}, nil
}

// parseLogGroupARN reads arn:aws:logs:region:account:log-group:name, with or without
// the ":*" that stands for all its streams.
func parseLogGroupARN(text string, p []string) (Spec, error) {
	name, ok := strings.CutPrefix(p[5], "log-group:")
	name = strings.TrimSuffix(name, ":*")
	if !ok || !groupName.MatchString(name) || !regionCode.MatchString(p[3]) || !accountID.MatchString(p[4]) {
		return Spec{}, &SpecError{text, "is no ARN of a log group", "arn:aws:logs:REGION:ACCOUNT:log-group:NAME"}
	}
	return Spec{Kind: KindLogGroup, Group: name, Region: p[3], Account: p[4], Partition: p[1]}, nil
}

// parseARN reads arn:aws:s3:::bucket/prefix, and the ARN of a log group, in any
// partition.
func parseARN(text string) (Spec, error) {
	p := strings.SplitN(text, ":", 6)
	if len(p) < 6 || !strings.HasPrefix(p[1], "aws") {
		return Spec{}, &SpecError{text, "is no whole ARN", "arn:aws:s3:::BUCKET/PREFIX"}
	}
	switch {
	case p[2] == "logs":
		return parseLogGroupARN(text, p)
	case p[2] != "s3":
		return Spec{}, &SpecError{text, "is an ARN of " + p[2] + ", not of a bucket or a log group", ""}
	case p[3] != "" || p[4] != "":
		return Spec{}, &SpecError{text, "is the ARN of an access point; give its alias as the bucket", "s3://ACCESS-POINT-ALIAS/PREFIX"}
	}
	bucket, prefix, _ := strings.Cut(p[5], "/")
	return s3Spec(text, bucket, strings.TrimSuffix(prefix, "*"))
}

// parseFileURL reads file:///path of this machine.
func parseFileURL(text string) (Spec, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return Spec{}, &SpecError{text, "is no file URL", ""}
	case u.Opaque != "" || u.Path == "":
		return Spec{}, &SpecError{text, "a file URL has an absolute path", "file:///" + strings.TrimLeft(text[len("file:"):], "/")}
	case u.Host != "" && u.Host != "localhost":
		return Spec{}, &SpecError{text, "is a file of another machine, " + u.Host, "file:///" + u.Host + u.Path}
	case u.RawQuery != "" || u.Fragment != "":
		return Spec{}, &SpecError{text, `has "?" or "#" in it, which a file URL writes as %3F and %23`, ""}
	}
	return Spec{Kind: KindPath, Path: filepath.FromSlash(u.Path)}, nil
}

// s3Host matches the hosts of S3's https addresses: s3.amazonaws.com, with a
// region (s3.eu-west-1, s3-eu-west-1, s3.dualstack.eu-west-1), with the bucket in
// front, in any partition.
var s3Host = regexp.MustCompile(`^(?:(.+)\.)?s3(?:[.-](?:dualstack\.)?[a-z]{2,}(?:-[a-z]+)+-[0-9]+)?\.amazonaws\.com(?:\.cn)?$`)

// parseHTTP reads addresses of the S3 console and of S3 itself.
func parseHTTP(text string) (Spec, error) {
	no := func(reason string) (Spec, error) {
		return Spec{}, &SpecError{text, reason, "s3://BUCKET/PREFIX, for other services than AWS with --endpoint-url"}
	}
	u, err := url.Parse(text)
	if err != nil {
		return no("is no URL")
	}
	host := strings.ToLower(u.Hostname())
	path := strings.TrimPrefix(u.Path, "/")
	if isConsole(host) {
		for _, page := range []string{"s3/buckets/", "s3/object/"} {
			if bucket, ok := strings.CutPrefix(path, page); ok {
				return s3Spec(text, strings.TrimSuffix(bucket, "/"), u.Query().Get("prefix"))
			}
		}
		return no("is no page of a bucket")
	}
	m := s3Host.FindStringSubmatch(host)
	switch {
	case m == nil:
		return no("only folders, files, s3:// and cwl: can be read")
	case u.RawQuery != "":
		return no("a signed or otherwise parametrised address cannot be listed")
	case m[1] != "":
		return s3Spec(text, m[1], path)
	}
	bucket, prefix, _ := strings.Cut(path, "/")
	return s3Spec(text, bucket, prefix)
}

// isConsole reports whether a host serves the AWS console: s3.console.aws...,
// eu-west-1.console.aws.amazon.com, console.amazonaws.cn,
// console.amazonaws-us-gov.com.
func isConsole(host string) bool {
	for _, c := range []string{"console.aws.amazon.com", "console.amazonaws.cn", "console.amazonaws-us-gov.com"} {
		if host == c || strings.HasSuffix(host, "."+c) {
			return true
		}
	}
	return false
}
