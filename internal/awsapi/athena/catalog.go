package athena

import (
	"context"
	"errors"
	"strings"
	"time"

	"weir/internal/awsapi"
)

// ErrNotFound says that there is no such database or table; ask with [errors.Is].
var ErrNotFound = errors.New("there is no such database or table")

// A Catalog tells what databases and tables there are. It is safe for concurrent use.
type Catalog interface {
	// Databases returns all databases.
	Databases(ctx context.Context) ([]Database, error)
	// Tables returns all tables and views of a database. Errors: ErrNotFound.
	Tables(ctx context.Context, database string) ([]Table, error)
}

// Database is a database of the catalog.
type Database struct {
	Name, Description string
	Parameters        map[string]string
}

// Types of tables.
const (
	ExternalTable = "EXTERNAL_TABLE"
	VirtualView   = "VIRTUAL_VIEW"
)

// Table is a table or a view. Types of columns are named as Hive does.
type Table struct {
	Name string
	// Type is ExternalTable or VirtualView.
	Type string
	// Created is zero where it is not known.
	Created                time.Time
	Columns, PartitionKeys []TableColumn
	Parameters             map[string]string
}

// TableColumn is a column of a table.
type TableColumn struct{ Name, Type, Comment string }

// catalogName is the only catalog.
const catalogName = "AwsDataCatalog"

// checkCatalog refuses the names of other catalogs.
func checkCatalog(name string) error {
	if strings.EqualFold(name, catalogName) {
		return nil
	}
	return invalidAs("DATACATALOG_NOT_FOUND", "DataCatalog %s was not found: this server has %s alone", name, catalogName)
}

// metadata makes an error of the catalog one that clients get: of what is not there Athena passes on what Glue says, by which clients know that it is not.
//
// Source: seen by others (DyfanJones/noctua, issue 205), and read by PyAthena's dialect of SQLAlchemy.
func metadata(c *awsapi.Call, err error) error {
	if errors.Is(err, ErrNotFound) {
		message := "Entity Not Found (Service: AmazonDataCatalog; Status Code: 400; Error Code: EntityNotFoundException; Request ID: " + c.RequestID + "; Proxy: null)"
		return &awsapi.Error{Code: "MetadataException", Message: message, Members: map[string]any{"Message": message}}
	}
	return err
}
