package integration

import (
	"fmt"

	"go.yaml.in/yaml/v4"

	"weir/flowlog"
	"weir/internal/athenasql/flowtable"
	"weir/internal/flowlogstore"
	"weir/internal/savedquery"
)

// Template returns the template that is asked for, as YAML. It has the statements of Athena that make its tables under Metadata, for who runs them without
// CloudFormation. Errors are an [*Error] where the request is wrong.
func Template(r Request) ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	integrations, err := r.distinct()
	if err != nil {
		return nil, err
	}
	resources := map[string]any{"Database": resource("AWS::Glue::Database", map[string]any{
		"CatalogId": ref("AWS::AccountId"), "DatabaseInput": map[string]any{"Name": r.database()},
	})}
	statements := []any{flowtable.CreateDatabase(r.database())}
	for i, a := range integrations {
		statement, err := r.add(resources, fmt.Sprint(i+1), a)
		if err != nil {
			return nil, err
		}
		statements = append(statements, statement)
	}
	return yaml.Dump(map[string]any{
		"AWSTemplateFormatVersion": "2010-09-09",
		"Description":              "Amazon Athena for the VPC flow log " + r.FlowLog.ID,
		"Metadata":                 map[string]any{"AthenaStatements": statements},
		"Resources":                resources,
	}, yaml.WithIndent(2), yaml.WithLineWidth(-1))
}

// add adds the resources of one integration, whose ids end with n, and returns the statement that makes its table.
func (r *Request) add(resources map[string]any, n string, a *Athena) (string, error) {
	t, statement, err := r.table(a)
	if err != nil {
		return "", err
	}
	input, err := glueTable(t, statement)
	if err != nil {
		return "", err
	}
	bucket, folder, _ := flowlogstore.ParseBucket(a.ResultARN)
	resources["Table"+n] = resource("AWS::Glue::Table", map[string]any{
		"CatalogId": ref("AWS::AccountId"), "DatabaseName": ref("Database"), "TableInput": input,
	})
	resources["WorkGroup"+n] = resource("AWS::Athena::WorkGroup", map[string]any{
		"Name": r.name(a) + "WorkGroup", "Description": "Queries of the VPC flow log " + r.FlowLog.ID,
		"RecursiveDeleteOption": true, // else a stack can't be deleted once a query has run
		"WorkGroupConfiguration": map[string]any{
			"ResultConfiguration": map[string]any{"OutputLocation": "s3://" + bucket + "/" + folder},
		},
	})
	format, err := flowlog.ParseLogFormat(r.FlowLog.LogFormat)
	if err != nil {
		return "", err
	}
	for _, q := range savedquery.All() {
		if !hasAll(format, q.Fields) {
			continue // as AWS, which leaves out queries about fields that there are not
		}
		text, err := q.Athena(savedquery.Fill{Table: t.Name})
		if err != nil {
			return "", err
		}
		resources[q.Name+n] = resource("AWS::Athena::NamedQuery", map[string]any{
			"Name": q.Name, "Description": q.Description, "Database": ref("Database"), "WorkGroup": ref("WorkGroup" + n), "QueryString": text,
		})
	}
	return statement, nil
}

// hasAll reports whether a format has all of some fields.
func hasAll(f flowlog.Format, fields []flowlog.FieldID) bool {
	for _, id := range fields {
		if !f.Has(id) {
			return false
		}
	}
	return true
}

func resource(kind string, properties map[string]any) map[string]any {
	return map[string]any{"Type": kind, "Properties": properties}
}

// ref refers to a resource: to a database's, workgroup's or pseudo parameter's name.
func ref(to string) map[string]any { return map[string]any{"Ref": to} }
