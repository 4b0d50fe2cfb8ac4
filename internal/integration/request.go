package integration

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"weir/internal/flowlogstore"
)

// A Frequency is how often partitions are added, by AWS's names.
type Frequency string

// The frequencies.
const (
	None    Frequency = "none"
	Daily   Frequency = "daily"
	Weekly  Frequency = "weekly"
	Monthly Frequency = "monthly"
)

var frequencies = []Frequency{None, Daily, Weekly, Monthly}

// MaxAthena is how many integrations with Athena a request has at most.
//
// Source: AWS's model of EC2, AthenaIntegrationsSet.
const MaxAthena = 10

// A Request asks for a template.
type Request struct {
	FlowLog flowlogstore.FlowLog
	// Account and Region are those that the keys of the flow log's objects have.
	Account, Region string
	// Now is the time of the request.
	Now    time.Time
	Athena []Athena
}

// Athena is an integration with Athena: a table, and a workgroup with its queries.
type Athena struct {
	// ResultARN is where the results of queries go: the ARN of a bucket, with or without a folder.
	ResultARN string
	Frequency Frequency
	// Start and End are the days of the table's first and last partition, UTC; zero: from the flow log's first day on.
	Start, End time.Time
}

// An Error says what is wrong with a request. Code is EC2's name of it.
type Error struct{ Code, Message string }

// Error returns the code and the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

func invalid(format string, args ...any) *Error {
	return &Error{"InvalidParameter", fmt.Sprintf(format, args...)}
}

// check checks a request, but for what the table's folders allow. That transit gateways and dates are refused is AWS's, the words are not.
func (r *Request) check() error {
	f := &r.FlowLog
	switch {
	case f.TrafficType == "":
		return invalid("%s is of the resource type %s: transit gateway flow logs can't be integrated with Athena", f.ID, f.ResourceType)
	case f.DestinationType != flowlogstore.S3:
		return invalid("%s goes to %s: only a flow log that goes to a bucket (s3) can be integrated with Athena", f.ID, f.DestinationType)
	case len(r.Athena) == 0:
		return &Error{"MissingParameter", "The request must contain the parameter IntegrateService.AthenaIntegration"}
	case len(r.Athena) > MaxAthena:
		return invalid("The request has %d AthenaIntegrations; %d are allowed.", len(r.Athena), MaxAthena)
	}
	for i := range r.Athena {
		if err := r.Athena[i].check(r.Now); err != nil {
			return err
		}
	}
	return nil
}

// check checks one integration.
func (a *Athena) check(now time.Time) error {
	switch {
	case a.ResultARN == "":
		return &Error{"MissingParameter", "The request must contain the parameter IntegrationResultS3DestinationArn"}
	case a.Frequency == "":
		return &Error{"MissingParameter", "The request must contain the parameter PartitionLoadFrequency"}
	case !slices.Contains(frequencies, a.Frequency):
		return &Error{"InvalidParameterValue", fmt.Sprintf("Value (%s) for parameter PartitionLoadFrequency is invalid. It can be none, daily, weekly, monthly.", a.Frequency)}
	case a.Start.IsZero() != a.End.IsZero():
		return invalid("PartitionStartDate and PartitionEndDate must be given both, or neither.")
	case a.Frequency == None && a.Start.IsZero():
		return invalid("PartitionStartDate and PartitionEndDate must be given where PartitionLoadFrequency is none.")
	case a.End.Before(a.Start):
		return invalid("PartitionEndDate is before PartitionStartDate.")
	case a.Frequency == None && a.End.After(now):
		return invalid("PartitionStartDate and PartitionEndDate must be in the past where PartitionLoadFrequency is none.")
	}
	if _, _, ok := flowlogstore.ParseBucket(a.ResultARN); !ok {
		return invalid("IntegrationResultS3DestinationArn: %s is not valid: the ARN of a bucket is arn:aws:s3:::BUCKET, or arn:aws:s3:::BUCKET/FOLDER/", a.ResultARN)
	}
	return nil
}

// letters returns an id as it stands in names: fl-0a is fl0a.
func letters(id string) string { return strings.ReplaceAll(id, "-", "") }

// database returns the name of the flow log's database.
func (r *Request) database() string { return "vpcflowlogsathenadatabase" + letters(r.FlowLog.ID) }

// name returns the name of an integration's table, such as fl0af0b31dcb7649c1ddaily2021041520210415; its workgroup has it with "WorkGroup" behind it.
//
// Source: AWS, VPC User Guide; names of real tables that others show.
func (r *Request) name(a *Athena) string {
	name := letters(r.FlowLog.ID) + string(a.Frequency)
	if !a.Start.IsZero() {
		name += a.Start.UTC().Format("20060102") + a.End.UTC().Format("20060102")
	}
	return name
}

// distinct returns the integrations, each once: AWS's example has the same one twice. Names don't tell times of a day, so that two of the same
// days are one where they have the same place for results, and else can't be.
func (r *Request) distinct() ([]*Athena, error) {
	var out []*Athena
	for i := range r.Athena {
		a := &r.Athena[i]
		at := slices.IndexFunc(out, func(o *Athena) bool { return r.name(o) == r.name(a) })
		switch {
		case at < 0:
			out = append(out, a)
		case out[at].ResultARN != a.ResultARN:
			return nil, invalid("Two AthenaIntegrations have the same PartitionLoadFrequency and dates and another IntegrationResultS3DestinationArn: both would be named %s", r.name(a))
		}
	}
	return out, nil
}
