package athena

import (
	"log/slog"
	"time"

	"weir/internal/awsapi"
)

// Options is what an API is made of. Account, Region, Store, Runner, Catalog and Results are required.
type Options struct {
	// Account and Region are the server's, for ARNs.
	Account, Region string
	Store           *Store
	Runner          Runner
	Catalog         Catalog
	// Output writes results to the locations that clients name; nil refuses all.
	Output Output
	// Results is a folder for the results of queries, which outlive the server.
	Results string
	// Now is the clock; nil is [time.Now].
	Now func() time.Time
	// Log gets what clients are not told; nil is [slog.Default].
	Log *slog.Logger
	// NamedQueries come with the server: clients see them in the workgroup primary and can't change them. Their names differ.
	NamedQueries []NamedQuery
	// Queries bound what runs and what is kept.
	Queries QueryLimits
}

// An API answers the operations of Athena. Close ends its queries.
type API struct {
	Options
	jobs  *jobs
	ready []namedQuery
}

// New makes an API. Queries that the server before did not end have failed.
func New(o Options) (*API, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	jobs, err := newJobs(o)
	if err != nil {
		return nil, err
	}
	return &API{Options: o, jobs: jobs, ready: readyQueries(o.NamedQueries)}, nil
}

// Close ends the queries that run or wait: they have failed. It returns when they have ended.
func (a *API) Close() { a.jobs.close() }

// Service returns what a [awsapi.Router] needs to know.
func (a *API) Service() *awsapi.Service {
	return &awsapi.Service{
		Name: "athena", Target: "AmazonAthena", Shapes: shapes, InvalidCode: "InvalidRequestException",
		Unavailable: "InternalServerException", Invalid: violations, Operations: a.operations(),
	}
}

func (a *API) operations() map[string]awsapi.Operation {
	const large = 4 << 20 // a statement of 262,144 characters, escaped
	return map[string]awsapi.Operation{
		"BatchGetNamedQuery":        awsapi.Handle(a.batchGetNamedQuery),
		"BatchGetPreparedStatement": awsapi.Handle(a.batchGetPreparedStatement),
		"BatchGetQueryExecution":    awsapi.Handle(a.batchGetQueryExecution),
		"CreateNamedQuery":          awsapi.Handle(a.createNamedQuery).WithMaxBody(large),
		"CreatePreparedStatement":   awsapi.Handle(a.createPreparedStatement).WithMaxBody(large),
		"CreateWorkGroup":           awsapi.Handle(a.createWorkGroup),
		"DeleteNamedQuery":          awsapi.Handle(a.deleteNamedQuery),
		"DeletePreparedStatement":   awsapi.Handle(a.deletePreparedStatement),
		"DeleteWorkGroup":           awsapi.Handle(a.deleteWorkGroup),
		"GetDataCatalog":            awsapi.Handle(a.getDataCatalog),
		"GetDatabase":               awsapi.Handle(a.getDatabase),
		"GetNamedQuery":             awsapi.Handle(a.getNamedQuery),
		"GetPreparedStatement":      awsapi.Handle(a.getPreparedStatement),
		"GetQueryExecution":         awsapi.Handle(a.getQueryExecution),
		"GetQueryResults":           awsapi.Handle(a.getQueryResults),
		"GetQueryRuntimeStatistics": awsapi.Handle(a.getQueryRuntimeStatistics),
		"GetTableMetadata":          awsapi.Handle(a.getTableMetadata),
		"GetWorkGroup":              awsapi.Handle(a.getWorkGroup),
		"ListDataCatalogs":          awsapi.Handle(a.listDataCatalogs),
		"ListDatabases":             awsapi.Handle(a.listDatabases),
		"ListEngineVersions":        awsapi.Handle(a.listEngineVersions),
		"ListNamedQueries":          awsapi.Handle(a.listNamedQueries),
		"ListPreparedStatements":    awsapi.Handle(a.listPreparedStatements),
		"ListQueryExecutions":       awsapi.Handle(a.listQueryExecutions),
		"ListTableMetadata":         awsapi.Handle(a.listTableMetadata),
		"ListTagsForResource":       awsapi.Handle(a.listTagsForResource),
		"ListWorkGroups":            awsapi.Handle(a.listWorkGroups),
		"StartQueryExecution":       awsapi.Handle(a.startQueryExecution).WithMaxBody(large),
		"StopQueryExecution":        awsapi.Handle(a.stopQueryExecution),
		"TagResource":               awsapi.Handle(a.tagResource),
		"UntagResource":             awsapi.Handle(a.untagResource),
		"UpdateNamedQuery":          awsapi.Handle(a.updateNamedQuery).WithMaxBody(large),
		"UpdatePreparedStatement":   awsapi.Handle(a.updatePreparedStatement).WithMaxBody(large),
		"UpdateWorkGroup":           awsapi.Handle(a.updateWorkGroup),
	}
}
