package athenasql

import "strings"

// otherKinds are the statements that are known and not taken, with their kinds.
var otherKinds = map[string]Kind{
	"INSERT": DML, "DELETE": DML, "UPDATE": DML, "MERGE": DML, "OPTIMIZE": DML, "VACUUM": DML, "TRUNCATE": DML, "ANALYZE": Utility,
	"GRANT": DDL, "REVOKE": DDL, "DENY": DDL, "COMMENT": DDL, "REFRESH": DDL,
}

// KindOf returns what Athena calls the type of a statement and its subtype: StatementType and SubstatementType of QueryExecution.
// Source: Athena API Reference, QueryExecution: "DDL indicates DDL query statements. DML indicates DML (Data Manipulation Language) query
// statements, such as CREATE TABLE AS SELECT. UTILITY indicates query statements other than DDL and DML, such as SHOW CREATE TABLE, EXPLAIN,
// DESCRIBE, or SHOW TABLES." The subtypes are not listed there; they are the statement's words (decision 0033).
func KindOf(s Statement) (Kind, string) {
	switch s := s.(type) {
	case *Query:
		return DML, "SELECT"
	case *CreateTableAs:
		return DML, "CREATE_TABLE_AS_SELECT"
	case *Unload:
		return DML, "UNLOAD"
	case *Execute:
		// What is executed says its own kind; the prepared statement's text is not known here.
		return DML, "EXECUTE"
	case *CreateTable:
		return DDL, "CREATE_TABLE"
	case *CreateView:
		return DDL, "CREATE_VIEW"
	case *CreateDatabase:
		return DDL, "CREATE_DATABASE"
	case *Drop:
		return DDL, "DROP_" + s.What
	case *AddPartitions:
		return DDL, "ALTER_TABLE_ADD_PARTITION"
	case *DropPartitions:
		return DDL, "ALTER_TABLE_DROP_PARTITION"
	case *RenamePartition:
		return DDL, "ALTER_TABLE_RENAME_PARTITION"
	case *SetTableProperties:
		return DDL, "ALTER_TABLE_SET_TBLPROPERTIES"
	case *SetLocation:
		return DDL, "ALTER_TABLE_SET_LOCATION"
	case *AddColumns:
		return DDL, "ALTER_TABLE_ADD_COLUMNS"
	case *RepairTable:
		return DDL, "MSCK_REPAIR_TABLE"
	case *Show:
		return Utility, "SHOW_" + strings.ReplaceAll(s.What, " ", "_")
	case *Describe:
		return Utility, "DESCRIBE_TABLE"
	case *Explain:
		return Utility, "EXPLAIN"
	case *Prepare:
		return Utility, "PREPARE"
	case *Deallocate:
		return Utility, "DEALLOCATE_PREPARE"
	case *Other:
		if k, ok := otherKinds[s.What]; ok {
			return k, s.What
		}
	}
	return Utility, ""
}
