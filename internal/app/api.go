package app

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"slices"

	"weir/internal/accesskey"
	"weir/internal/awsapi"
	"weir/internal/awsapi/logs"
	"weir/internal/awsapi/monitoring"
	"weir/internal/awsapi/sns"
	"weir/internal/awsapi/sts"
	"weir/internal/flowlogstore"
	"weir/internal/insights"
	"weir/internal/logstore"
	"weir/internal/sigv4"
)

// DefaultAccount and DefaultRegion are what ARNs of a server have where nothing else is said.
const (
	DefaultAccount = "000000000000"
	DefaultRegion  = "us-east-1"
)

// awsAPI answers AWS's clients.
type awsAPI struct {
	*awsapi.Router
	services []*awsapi.Service
	*alerting
	flows  *flowlogstore.Store
	closes []func()
}

// newAWSAPI makes the services of a server. The caller closes it.
func newAWSAPI(ctx context.Context, s *Local, store *logstore.Store, o ServeOptions) (_ *awsAPI, err error) {
	out := &awsAPI{}
	defer func() {
		if err != nil {
			out.close()
		}
	}()
	groups, err := logs.New(logs.Options{
		Account: s.account, Region: s.region, Store: store, Lake: s.LakeGroups(), Runner: insightsRunner{s}, Sinks: o.Sinks, Settle: s.settle,
		Results: filepath.Join(s.lake.Data(), "cache", "results"), Now: s.now, Log: o.Log,
	})
	if err != nil {
		return nil, err
	}
	out.closes = append(out.closes, groups.Close)
	keys := accesskey.Open(s.lake.Data(), func(err error) { o.Log.Error("the access keys can't be read", "error", err) })
	out.closes = append(out.closes, keys.Close)
	auth := &signatures{keys: keys, verifier: sigv4.Verifier{Secret: keys.Secret}}
	tables, err := newAthenaAPI(s, o)
	if err != nil {
		return nil, err
	}
	out.closes = append(out.closes, tables.Close)
	flows, err := s.openFlowLogs(ctx)
	if err != nil {
		return nil, err
	}
	out.closes = append(out.closes, func() { _ = flows.Close() }) // what was made is on the disk
	out.flows = flows
	w, err := openAlerting(ctx, s, store, flows, o)
	if err != nil {
		return nil, err
	}
	out.closes = append(out.closes, w.close)
	out.alerting = w
	out.services = []*awsapi.Service{
		groups.Service(), tables.Service(),
		monitoring.New(monitoring.Options{
			Account: s.account, Region: s.region, Metrics: w.metrics, Alarms: w.alarms, InsightRules: w.contributors,
			CheckLogQuery: checkAlarmQuery, Now: s.now, Log: o.Log,
		}).Service(),
		sns.New(sns.Options{Account: s.account, Region: s.region, Store: w.topics}).Service(),
		s.flowLogsAPI(flows).Service(), (&sts.API{Account: s.account, Name: auth.name}).Service(),
	}
	out.Router = awsapi.NewRouter(auth, o.Log, out.services...)
	return out, nil
}

// close ends what runs, the newest first.
func (a *awsAPI) close() {
	for _, f := range slices.Backward(a.closes) {
		f()
	}
}

// before answers requests of AWS's clients, which their signatures let in, and passes others on.
func (a *awsAPI) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case a.Match(r):
			a.ServeHTTP(w, r)
			return
		case a.topics.Match(r): // a link of a message, which has no signature
			a.topics.Handler().ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// signatures tells who sent requests by their signatures.
type signatures struct {
	keys     *accesskey.Store
	verifier sigv4.Verifier
}

// name returns the name of a key, "" where there is no such key.
func (a *signatures) name(id string) string {
	key, _ := a.keys.Key(id)
	return key.Name
}

// Screen checks all that does not need the body.
func (a *signatures) Screen(r *http.Request, service string) error {
	return refusal(a.verifier.Screen(r, service))
}

// refusal returns an error as clients see it.
func refusal(err error) error {
	if refused := new(sigv4.Error); errors.As(err, &refused) {
		return &awsapi.Error{Code: refused.Code, Message: refused.Message, Status: refused.Status}
	}
	return err
}

// Authenticate verifies the signature of a request.
func (a *signatures) Authenticate(r *http.Request, body []byte, service string) (awsapi.Identity, error) {
	id, err := a.verifier.Verify(r, body, service)
	if err != nil {
		return nil, refusal(err)
	}
	key, ok := a.keys.Key(id.KeyID)
	if !ok { // it was revoked meanwhile
		return nil, &awsapi.Error{Code: sigv4.CodeUnrecognized, Message: "The security token included in the request is invalid.", Status: http.StatusForbidden}
	}
	a.keys.Touch(id.KeyID)
	return identity{key}, nil
}

// identity is an access key that signed a request.
type identity struct{ key accesskey.Key }

// AccessKeyID returns the key's id.
func (i identity) AccessKeyID() string { return i.key.ID }

// Allows says whether the key may do an action.
func (i identity) Allows(action string) bool { return i.key.Allows(action) }

// insightsRunner runs queries of the API.
type insightsRunner struct{ s *Local }

// Check says whether a query can be run, and which log groups it reads.
func (r insightsRunner) Check(ctx context.Context, q logs.QueryRequest) ([]string, error) {
	checked, err := CheckLogsQuery(q.Text)
	if err != nil {
		return nil, err
	}
	if checked.Source != nil && len(q.Groups) > 0 {
		return nil, sourceAndGroups(checked)
	}
	groups, err := r.s.queryGroups(ctx, checked, q.Groups)
	if err != nil {
		return nil, err
	}
	run := &logsRun{s: r.s}
	defer run.close()
	_, err = run.input(ctx, groups, q.Start, q.End)
	return groups, err
}

// Run runs a query that was checked.
func (r insightsRunner) Run(ctx context.Context, q logs.QueryRequest, _ func(insights.Statistics)) (*insights.Result, error) {
	return r.s.LogsQuery(ctx, LogsQuery{Text: q.Text, Groups: q.Groups, Start: q.Start, End: q.End, Limit: q.Limit})
}
