package athenasql

// Kind is what Athena calls the type of a statement.
type Kind string

// Kinds of statements.
const (
	DDL     Kind = "DDL"
	DML     Kind = "DML"
	Utility Kind = "UTILITY"
)

// Statements besides *Query.
type (
	// CreateTable is CREATE EXTERNAL TABLE: of Hive's DDL.
	CreateTable struct {
		Span
		Name        QualifiedName
		IfNotExists bool
		Columns     []ColumnDef
		Comment     string
		PartitionBy []ColumnDef
		// SerDe is the class of ROW FORMAT SERDE, "" where there is none; SerDeProperties are its WITH SERDEPROPERTIES.
		SerDe           string
		SerDeProperties []Property
		// Delimited is set where ROW FORMAT DELIMITED was written.
		Delimited *Delimited
		// StoredAs is in lower case: textfile, parquet...; InputFormat and OutputFormat are the classes of STORED AS INPUTFORMAT.
		StoredAs, InputFormat, OutputFormat string
		Location                            string
		LocationAt                          Span
		Properties                          []Property
	}
	// CreateTableAs is CREATE TABLE name WITH (...) AS query. NoData is WITH NO DATA.
	CreateTableAs struct {
		Span
		Name        QualifiedName
		IfNotExists bool
		Properties  []TableProperty
		Query       *Query
		NoData      bool
	}
	// CreateView is CREATE [OR REPLACE] VIEW name AS query. Text is the query as it was written.
	CreateView struct {
		Span
		Name    QualifiedName
		Replace bool
		Query   *Query
		Text    string
	}
	// CreateDatabase is CREATE DATABASE or SCHEMA.
	CreateDatabase struct {
		Span
		Name              Name
		IfNotExists       bool
		Comment, Location string
		Properties        []Property
	}
	// Drop is DROP TABLE, VIEW or DATABASE (SCHEMA is said DATABASE). Cascade is of databases.
	Drop struct {
		Span
		What     string
		Name     QualifiedName
		IfExists bool
		Cascade  bool
	}
	// AddPartitions is ALTER TABLE name ADD [IF NOT EXISTS] PARTITION ....
	AddPartitions struct {
		Span
		Table       QualifiedName
		IfNotExists bool
		Partitions  []PartitionDef
	}
	// DropPartitions is ALTER TABLE name DROP [IF EXISTS] PARTITION ....
	DropPartitions struct {
		Span
		Table      QualifiedName
		IfExists   bool
		Partitions []PartitionDef
	}
	// SetTableProperties is ALTER TABLE name SET TBLPROPERTIES (...).
	SetTableProperties struct {
		Span
		Table      QualifiedName
		Properties []Property
	}
	// SetLocation is ALTER TABLE name [PARTITION (...)] SET LOCATION '...'.
	SetLocation struct {
		Span
		Table     QualifiedName
		Partition *PartitionDef
		Location  string
	}
	// AddColumns is ALTER TABLE name ADD COLUMNS (...).
	AddColumns struct {
		Span
		Table   QualifiedName
		Columns []ColumnDef
	}
	// RenamePartition is ALTER TABLE name PARTITION (...) RENAME TO PARTITION (...).
	RenamePartition struct {
		Span
		Table    QualifiedName
		From, To PartitionDef
	}
	// RepairTable is MSCK REPAIR TABLE name.
	RepairTable struct {
		Span
		Table QualifiedName
	}
	// Show is SHOW DATABASES, TABLES, VIEWS, COLUMNS, PARTITIONS, CREATE TABLE, CREATE VIEW, TBLPROPERTIES, FUNCTIONS or CATALOGS.
	Show struct {
		Span
		What string
		// In is the database of TABLES and VIEWS, nil: the current one; Name the table of the others, nil: none.
		In   *Name
		Name *QualifiedName
		// Like is the pattern, "" where there is none; Regex says that it is Hive's ('a*|b'), not SQL's.
		Like  string
		Regex bool
		// Property is of TBLPROPERTIES.
		Property string
	}
	// Describe is DESCRIBE [EXTENDED|FORMATTED] name [PARTITION (...)] [column].
	Describe struct {
		Span
		Extended, Formatted bool
		Name                QualifiedName
		Partition           *PartitionDef
		Column              *Name
	}
	// Explain is EXPLAIN [ANALYZE [VERBOSE]] [(FORMAT x, TYPE y)] statement. Text is the statement's.
	Explain struct {
		Span
		Analyze, Verbose bool
		Format, Type     string // in lower case, "" where it is not said
		Of               Statement
		Text             string
	}
	// Unload is UNLOAD (query) TO 'location' WITH (...).
	Unload struct {
		Span
		Query      *Query
		To         string
		ToAt       Span
		Properties []TableProperty
	}
	// Prepare is PREPARE name FROM statement. Text is the statement's.
	Prepare struct {
		Span
		Name Name
		Of   Statement
		Text string
	}
	// Execute is EXECUTE name [USING ...] or EXECUTE IMMEDIATE 'text' [USING ...].
	Execute struct {
		Span
		Name      Name
		Immediate bool
		Text      string
		Using     []Expr
	}
	// Deallocate is DEALLOCATE PREPARE name.
	Deallocate struct {
		Span
		Name Name
	}
	// Other is a statement that the grammar has and weir refuses: INSERT, DELETE, UPDATE, MERGE, VACUUM, OPTIMIZE, GRANT and the like. What names it.
	Other struct {
		Span
		What string
	}
)

// ColumnDef is a column of a table's definition.
type ColumnDef struct {
	Span
	Name    Name
	Type    TypeName
	Comment string
}

// Delimited is ROW FORMAT DELIMITED; "" where a member is not said.
type Delimited struct {
	Fields, Escaped, Items, Keys, Lines, Null string
}

// Property is 'key' = 'value'.
type Property struct {
	Span
	Key, Value string
}

// TableProperty is key = value of WITH (...).
type TableProperty struct {
	Span
	Name  Name
	Value Expr
}

// PartitionDef is PARTITION (key = value, ...) [LOCATION '...']. Of DROP the operators may be others than "=".
type PartitionDef struct {
	Span
	Keys     []PartitionValue
	Location string
}

// PartitionValue is a key of a partition and its value.
type PartitionValue struct {
	Span
	Key      Name
	Operator string
	Value    Expr
}

func (*Query) statement()              {}
func (*CreateTable) statement()        {}
func (*CreateTableAs) statement()      {}
func (*CreateView) statement()         {}
func (*CreateDatabase) statement()     {}
func (*Drop) statement()               {}
func (*AddPartitions) statement()      {}
func (*DropPartitions) statement()     {}
func (*SetTableProperties) statement() {}
func (*SetLocation) statement()        {}
func (*AddColumns) statement()         {}
func (*RenamePartition) statement()    {}
func (*RepairTable) statement()        {}
func (*Show) statement()               {}
func (*Describe) statement()           {}
func (*Explain) statement()            {}
func (*Unload) statement()             {}
func (*Prepare) statement()            {}
func (*Execute) statement()            {}
func (*Deallocate) statement()         {}
func (*Other) statement()              {}
