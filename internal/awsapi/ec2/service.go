package ec2

import (
	"context"
	"errors"
	"net/http"
	"time"

	"weir/internal/awsapi"
	"weir/internal/flowlogstore"
)

// An API answers EC2's operations from a store.
type API struct {
	Store *flowlogstore.Store
	// PlaceOf returns account and region of the keys that a flow log's objects have.
	PlaceOf func(ctx context.Context, f *flowlogstore.FlowLog) (flowlogstore.Place, error)
	// PutObject writes an object into a bucket and returns the URL at which it lies. Its errors are for people, and say why it can't.
	PutObject func(ctx context.Context, bucket, key string, body []byte) (url string, err error)
	// Now is the clock.
	Now func() time.Time
}

// Service returns what a [awsapi.Router] needs to know.
func (a *API) Service() *awsapi.Service {
	return &awsapi.Service{
		Name: "ec2", Version: "2016-11-15", Namespace: "http://ec2.amazonaws.com/doc/2016-11-15/", EC2: true,
		InvalidCode: "InvalidParameterValue", Unavailable: "InternalError", Operations: a.operations(),
	}
}

func (a *API) operations() map[string]awsapi.Operation {
	return map[string]awsapi.Operation{
		"CreateFlowLogs":   awsapi.Handle(a.createFlowLogs),
		"CreateTags":       awsapi.Handle(a.createTags),
		"DeleteFlowLogs":   awsapi.Handle(a.deleteFlowLogs),
		"DeleteTags":       awsapi.Handle(a.deleteTags),
		"DescribeFlowLogs": awsapi.Handle(a.describeFlowLogs),
		"DescribeTags":     awsapi.Handle(a.describeTags),

		"GetFlowLogsIntegrationTemplate": awsapi.Handle(a.getFlowLogsIntegrationTemplate),
	}
}

// dryRun is a member of all requests. Who may not call an operation is told so before it is called.
type dryRun struct {
	DryRun bool `json:"DryRun"`
}

// check ends what is only tried.
//
// Source: AWS, Amazon EC2 API Reference, "Error codes": DryRunOperation; its status is as moto has it.
func (d dryRun) check() error {
	if !d.DryRun {
		return nil
	}
	return &awsapi.Error{Code: "DryRunOperation", Status: http.StatusPreconditionFailed, Message: "Request would have succeeded, but DryRun flag is set."}
}

// answer makes an error of the store one for clients.
func answer(err error) error {
	if wrong := new(flowlogstore.Error); errors.As(err, &wrong) {
		return awsapi.Errorf(wrong.Code, "%s", wrong.Message)
	}
	return err
}

func missing(parameter string) error {
	return awsapi.Errorf("MissingParameter", "The request must contain the parameter %s", parameter)
}

func invalidValue(format string, args ...any) error {
	return awsapi.Errorf("InvalidParameterValue", format, args...)
}

// maxIDs is how many ids a request can have.
//
// Source: AWS, DescribeFlowLogs, DeleteFlowLogs, CreateTags.
const maxIDs = 1000

func checkCount(parameter string, n int) error {
	if n > maxIDs {
		return invalidValue("The request has %d values of the parameter %s; %d are allowed.", n, parameter, maxIDs)
	}
	return nil
}

// done is the answer of operations that have nothing to say.
type done struct {
	Return bool `json:"return"`
}
