package s3

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"weir/internal/source"
)

// fault names an error of S3, with what can be done about it.
func (s *Source) fault(ctx context.Context, op, url string, err error) error {
	err = s.config.FaultOf(ctx, op, url, err)
	var f *source.Fault
	if !errors.As(err, &f) {
		return err
	}
	key := strings.TrimPrefix(url, s.url(""))
	switch f.Code {
	case source.NoSuchBucket:
		f.Hint = s.hintNoBucket()
	case source.NoSuchKey:
		f.Hint = "it was deleted after it was listed: run again"
	case source.Denied:
		f.Hint = s.hintDenied(op)
	case source.KMSDenied:
		f.Hint = s.hintKMS(f.Err.Error())
	case source.Archived:
		f.Hint = s.hintArchived(key, f.Err.Error())
	case source.WrongRegion:
		f.Hint = "the bucket is not in " + s.region + ": leave --bucket-region out, and weir finds it"
	case source.Changed:
		f.Hint = "the object was written again after it was listed: run again"
	}
	return f
}

func (s *Source) hintNoBucket() string {
	if s.config.EndpointURL != "" {
		return "is the name right, and is it a bucket of " + s.config.EndpointURL + "?"
	}
	return "is the name right? aws s3 ls shows your own buckets"
}

// hintDenied prints the statement that the caller's policy lacks.
func (s *Source) hintDenied(op string) string {
	if s.config.NoSignRequest {
		return "the bucket is not public: ask with credentials, without --no-sign-request"
	}
	bucket := "arn:" + Partition(s.region) + ":s3:::" + s.config.Bucket
	if op == "list" {
		return statement("s3:ListBucket", bucket) +
			"\nwhere the policy allows a prefix only (condition s3:prefix), name it: s3://" + s.config.Bucket + "/PREFIX"
	}
	return statement("s3:GetObject", bucket+"/*") +
		"\nan object that is encrypted with a KMS key needs kms:Decrypt on that key besides"
}

// hintKMS prints the statement for the key that AWS's message names.
func (s *Source) hintKMS(message string) string {
	key := keyARN.FindString(message)
	if key == "" {
		return statement("kms:Decrypt", "arn:"+Partition(s.region)+":kms:"+s.region+":ACCOUNT:key/KEY-ID") +
			"\naws s3api get-bucket-encryption --bucket " + s.config.Bucket + " shows the key; its key policy must allow it too"
	}
	return statement("kms:Decrypt", key) + "\na key of another account must allow it in its key policy too"
}

// hintArchived prints the command that restores an object. The archive tiers of
// Intelligent-Tiering take no number of days.
func (s *Source) hintArchived(key, message string) string {
	request := `{"Days":7,"GlacierJobParameters":{"Tier":"Standard"}}`
	if strings.Contains(message, "ARCHIVE_ACCESS") {
		request = `{"GlacierJobParameters":{"Tier":"Standard"}}`
	}
	return "restore it, wait some hours, and run again:\naws s3api restore-object --bucket " + s.config.Bucket +
		" --key " + quoted(key) + " --restore-request '" + request + "'"
}

// quoted returns a key as one word of a shell command.
func quoted(key string) string {
	return "'" + strings.ReplaceAll(key, "'", `'\''`) + "'"
}

// statement returns a policy statement of one action on one resource.
func statement(action, resource string) string {
	return fmt.Sprintf(`this policy statement is needed: {"Effect": "Allow", "Action": %q, "Resource": %q}`, action, resource)
}

// Partition returns the partition of a region, as it stands in ARNs.
func Partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}
