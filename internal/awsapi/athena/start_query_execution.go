package athena

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"

	"github.com/google/uuid"

	"weir/internal/athenasql"
	"weir/internal/awsapi"
)

type startQueryExecutionRequest struct {
	Text       string                    `json:"QueryString" required:"true" shape:"query"`
	Token      string                    `json:"ClientRequestToken" shape:"clientToken"`
	Context    *queryExecutionContext    `json:"QueryExecutionContext"`
	Result     *resultConfiguration      `json:"ResultConfiguration"`
	WorkGroup  string                    `json:"WorkGroup" shape:"group"`
	Parameters []string                  `json:"ExecutionParameters" shape:"parameters" each:"parameter"`
	Reuse      *resultReuseConfiguration `json:"ResultReuseConfiguration"`
	Engine     *engineConfiguration      `json:"EngineConfiguration"`
}

type queryExecutionID struct {
	ID string `json:"QueryExecutionId"`
}

// startQueryExecution takes a query and returns its id. A text that can't be parsed is refused; what its names mean shows when it runs. Requests with the same client
// token start one query. A result is never reused, which a request may ask for and does not demand.
//
// Source: AWS, StartQueryExecution; the order of the checks was seen: token, output location, text.
func (a *API) startQueryExecution(ctx context.Context, c *awsapi.Call, in *startQueryExecutionRequest) (*queryExecutionID, error) {
	token := in.Token
	in.Token = ""
	raw, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(raw)
	asked := hex.EncodeToString(sum[:])
	if id, err := a.jobs.known(token, asked); id != "" || err != nil {
		return &queryExecutionID{ID: id}, err
	}
	g, err := a.Store.group(in.WorkGroup)
	if err != nil {
		return nil, err
	}
	if g.State != enabled {
		return nil, invalid("WorkGroup %s is disabled.", g.Name)
	}
	if in.Engine != nil {
		return nil, invalid("EngineConfiguration is for Apache Spark, which this server has not.")
	}
	e := execution{
		ID: uuid.NewString(), Key: c.Identity.AccessKeyID(), Text: in.Text, WorkGroup: g.Name, Parameters: in.Parameters, Reuse: in.Reuse,
		MaxBytes: g.BytesScannedCutoff, Engine: g.SelectedEngine, Token: token, Asked: asked, State: queued, Submitted: a.Now(),
	}
	if in.Context != nil {
		e.Context = *in.Context
	}
	if e.Context.Catalog != "" && !strings.EqualFold(e.Context.Catalog, catalogName) {
		return nil, invalidAs("DATACATALOG_NOT_FOUND", "Catalog '%s' does not exist: this server has %s alone", e.Context.Catalog, catalogName)
	}
	if e.Result, err = a.place(&g, in.Result); err != nil {
		return nil, err
	}
	if err := checkQueryBytes(in.Text); err != nil {
		return nil, err
	}
	r := Request{
		ID: e.ID, Text: e.Text, Database: e.Context.Database, Parameters: e.Parameters, MaxBytes: e.MaxBytes, WorkGroup: e.WorkGroup, User: e.Key,
		Prepared: a.Store.PreparedStatements(e.WorkGroup),
	}
	if e.Statement, err = a.check(ctx, r); err != nil {
		return nil, err
	}
	if e.Statement.Kind != athenasql.DML {
		// AWS's SDK for pandas names the database so for DESCRIBE, SHOW CREATE TABLE and MSCK REPAIR TABLE, which are Hive's.
		r.Database = strings.TrimSuffix(strings.TrimPrefix(r.Database, "`"), "`")
	}
	e.locate()
	id, err := a.jobs.start(e, r)
	return &queryExecutionID{ID: id}, err
}

// check reads a statement and gives the error that clients get.
func (a *API) check(ctx context.Context, r Request) (Statement, error) {
	s, err := a.Runner.Check(ctx, r)
	if wrong := new(athenasql.Error); errors.As(err, &wrong) {
		return s, malformed(wrong.Place(r.Text))
	}
	s.Kind = cmp.Or(s.Kind, athenasql.DML)
	return s, err
}

// place says where the result of a query is written: to the workgroup's location where that is enforced, else to the request's, else to the
// workgroup's; nowhere but in the server where the workgroup's results are managed.
//
// Source: AWS, Athena User Guide, "Override client-side settings". Athena refuses locations with workgroups whose results are managed; here
// those are written too, so that clients that always send one work with the workgroup primary.
func (a *API) place(g *workGroup, in *resultConfiguration) (resultConfiguration, error) {
	out := *g.result()
	if in != nil && !g.Enforce {
		if in.OutputLocation != "" {
			out = *in
		}
		if in.Encryption != nil {
			out.Encryption = in.Encryption
		}
		if in.ExpectedBucketOwner != "" {
			out.ExpectedBucketOwner = in.ExpectedBucketOwner
		}
		if in.ACL != nil {
			out.ACL = in.ACL
		}
	}
	switch {
	case out.OutputLocation != "":
		return out, a.checkLocation(&out)
	case !g.Managed:
		return out, invalid("No output location provided. An output location is required either through the Workgroup result configuration setting or as an API input.")
	case out != (resultConfiguration{}):
		return out, invalid("EncryptionConfiguration, ExpectedBucketOwner and AclConfiguration are of an OutputLocation, and there is none.")
	}
	return out, nil
}

// checkLocation says whether results may be written to a location, and in the way that is asked for.
func (a *API) checkLocation(r *resultConfiguration) error {
	bucket, isS3 := strings.CutPrefix(r.OutputLocation, "s3://")
	if isS3 && (bucket == "" || bucket[0] == '/') || !isS3 && !strings.HasPrefix(r.OutputLocation, "file:///") {
		return invalid("outputLocation is not a valid S3 path.")
	}
	if r.Encryption != nil && (r.Encryption.Option != "SSE_S3" || r.Encryption.Key != "") {
		return invalid("EncryptionOption %s is not supported by this server: SSE_S3 is, without a key.", r.Encryption.Option)
	}
	if a.Output == nil {
		return invalid("The output location %s can't be used: this server keeps results itself, and writes none elsewhere. Leave OutputLocation out, in the workgroup primary or one with ManagedQueryResultsConfiguration.", r.OutputLocation)
	}
	if err := a.Output.Check(r.OutputLocation, outputOptions(r)); err != nil {
		return invalid("The output location %s can't be used: %v", r.OutputLocation, err)
	}
	return nil
}

func outputOptions(r *resultConfiguration) OutputOptions {
	return OutputOptions{Encrypt: r.Encryption != nil, BucketOwner: r.ExpectedBucketOwner, OwnerFullControl: r.ACL != nil}
}

// locate names the object of the result below its location.
//
// Source: AWS, Athena User Guide, "Query output files".
func (e *execution) locate() {
	if e.Result.OutputLocation == "" {
		return
	}
	below := strings.TrimRight(e.Result.OutputLocation, "/") + "/"
	switch {
	case e.Statement.SubStatement == createTableAs:
		e.Location = below + "tables/" + e.ID
	case e.Statement.Kind == athenasql.DML:
		e.Location = below + e.ID + ".csv"
	default:
		e.Location = below + e.ID + ".txt"
	}
}
