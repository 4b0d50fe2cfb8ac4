"""Calls the operations of Athena at an endpoint with boto3, and fails where an answer is not as it should be. The endpoint runs
the statements of fake_test.go. Arguments: the endpoint, a key's id and secret."""

import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, key, secret = sys.argv[1:]
athena = boto3.client(
    "athena",
    endpoint_url=endpoint,
    region_name="eu-central-1",
    aws_access_key_id=key,
    aws_secret_access_key=secret,
    config=Config(retries={"total_max_attempts": 1}),
)


def error(call, **arguments):
    try:
        call(**arguments)
    except ClientError as e:
        return e.response["Error"]["Code"] + ": " + e.response["Error"]["Message"]
    raise AssertionError(f"{call} was not refused")


def equal(got, want):
    if got != want:
        raise AssertionError(f"got {got!r}, want {want!r}")


def pages(operation, path, **arguments):
    return list(athena.get_paginator(operation).paginate(**arguments).search(path))


def run(text, state="SUCCEEDED", **arguments):
    """Does what pyathena does: start, poll until the state is an end."""
    arguments.setdefault("QueryExecutionContext", {"Database": "weir", "Catalog": "AwsDataCatalog"})
    started = athena.start_query_execution(QueryString=text, WorkGroup="primary", **arguments)["QueryExecutionId"]
    while True:
        execution = athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]
        if execution["Status"]["State"] not in ("QUEUED", "RUNNING"):
            break
        time.sleep(0.01)
    equal(execution["Status"]["State"], state)
    return started, execution


# The catalog.
equal(pages("list_data_catalogs", "DataCatalogsSummary[].CatalogName"), ["AwsDataCatalog"])
equal(pages("list_databases", "DatabaseList[].Name", CatalogName="AwsDataCatalog", PaginationConfig={"PageSize": 1}), ["logs", "weir"])
equal(pages("list_table_metadata", "TableMetadataList[].Name", CatalogName="AwsDataCatalog", DatabaseName="weir", Expression=".*flow_logs"), ["tgw_flow_logs", "vpc_flow_logs"])
table = athena.get_table_metadata(CatalogName="AwsDataCatalog", DatabaseName="weir", TableName="vpc_flow_logs")["TableMetadata"]
equal((table["Columns"][1], table["PartitionKeys"]), ({"Name": "srcport", "Type": "int"}, [{"Name": "date", "Type": "date"}]))
equal(athena.get_database(CatalogName="AwsDataCatalog", DatabaseName="weir")["Database"]["Description"], "the lake")
equal(athena.get_data_catalog(Name="AwsDataCatalog")["DataCatalog"]["Type"], "GLUE")

# A query, its states and its results.
id, execution = run("rows 2500")
equal(execution["ResultConfiguration"], {})
equal(execution["Statistics"]["DataScannedInBytes"], 500)
assert execution["Status"]["SubmissionDateTime"] <= execution["Status"]["CompletionDateTime"], execution
rows = pages("get_query_results", "ResultSet.Rows[]", QueryExecutionId=id)
equal(len(rows), 2501)
equal(rows[:3], [{"Data": [{"VarCharValue": "n"}, {"VarCharValue": "t"}]}, {"Data": [{"VarCharValue": "0"}, {"VarCharValue": "row 0"}]}, {"Data": [{"VarCharValue": "1"}, {}]}])
info = athena.get_query_results(QueryExecutionId=id, MaxResults=1)["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
equal([(c["Name"], c["Type"], c["Precision"]) for c in info], [("n", "bigint", 19), ("t", "varchar", 2147483647)])
equal(athena.get_query_runtime_statistics(QueryExecutionId=id)["QueryRuntimeStatistics"]["Rows"]["OutputRows"], 2500)
located, execution = run("rows 1", ResultConfiguration={"OutputLocation": "s3://out/results/"})
equal(execution["ResultConfiguration"]["OutputLocation"], f"s3://out/results/{located}.csv")
shown, execution = run("show")
equal((execution["StatementType"], pages("get_query_results", "ResultSet.Rows[].Data[].VarCharValue", QueryExecutionId=shown)), ("UTILITY", ["a\tb", "c"]))
bound, _ = run("parameters", ExecutionParameters=["'a'", "2"])
equal(pages("get_query_results", "ResultSet.Rows[].Data[].VarCharValue", QueryExecutionId=bound)[3:], ["weir", "'a'|2", key])
failed, execution = run("missing\nx", "FAILED")
equal(execution["Status"]["AthenaError"]["ErrorCategory"], 2)
equal(error(athena.get_query_results, QueryExecutionId=failed), "InvalidRequestException: Query did not finish successfully. Final query state: FAILED")
equal(error(athena.start_query_execution, QueryString="bad"), "InvalidRequestException: line 1:1: mismatched input 'bad' (SELECT?)")
waiting = athena.start_query_execution(QueryString="wait")["QueryExecutionId"]
athena.stop_query_execution(QueryExecutionId=waiting)
equal(athena.get_query_execution(QueryExecutionId=waiting)["QueryExecution"]["Status"]["State"], "CANCELLED")
ids = pages("list_query_executions", "QueryExecutionIds[]", WorkGroup="primary", PaginationConfig={"PageSize": 2})
equal(ids, [waiting, failed, bound, shown, located, id])
batch = athena.batch_get_query_execution(QueryExecutionIds=[id, "none"])
equal((batch["QueryExecutions"][0]["Query"], batch["UnprocessedQueryExecutionIds"][0]["QueryExecutionId"]), ("rows 2500", "none"))
token = "0123456789abcdef0123456789abcdef"
first = athena.start_query_execution(QueryString="rows 1", ClientRequestToken=token)["QueryExecutionId"]
equal(athena.start_query_execution(QueryString="rows 1", ClientRequestToken=token)["QueryExecutionId"], first)
equal(error(athena.start_query_execution, QueryString="rows 2", ClientRequestToken=token), "InvalidRequestException: Idempotent parameters do not match")

# Named queries.
named = athena.create_named_query(Name="n", Database="weir", QueryString="rows 1")["NamedQueryId"]
athena.update_named_query(NamedQueryId=named, Name="n2", Description="d", QueryString="rows 2")
equal(athena.get_named_query(NamedQueryId=named)["NamedQuery"], {"Name": "n2", "Description": "d", "Database": "weir", "QueryString": "rows 2", "NamedQueryId": named, "WorkGroup": "primary"})
equal(pages("list_named_queries", "NamedQueryIds[]"), [named])
equal(athena.batch_get_named_query(NamedQueryIds=[named])["NamedQueries"][0]["Name"], "n2")
athena.delete_named_query(NamedQueryId=named)
equal(error(athena.get_named_query, NamedQueryId=named), f"InvalidRequestException: NamedQuery {named} was not found")

# Prepared statements.
athena.create_prepared_statement(StatementName="p1", WorkGroup="primary", QueryStatement="rows 1")
athena.update_prepared_statement(StatementName="p1", WorkGroup="primary", QueryStatement="rows 2", Description="d")
equal(athena.get_prepared_statement(StatementName="p1", WorkGroup="primary")["PreparedStatement"]["QueryStatement"], "rows 2")
equal([s["StatementName"] for s in athena.list_prepared_statements(WorkGroup="primary")["PreparedStatements"]], ["p1"])
equal(athena.batch_get_prepared_statement(PreparedStatementNames=["p1"], WorkGroup="primary")["PreparedStatements"][0]["Description"], "d")
athena.delete_prepared_statement(StatementName="p1", WorkGroup="primary")

# Workgroups and tags.
athena.create_work_group(Name="g", Configuration={"ManagedQueryResultsConfiguration": {"Enabled": True}, "BytesScannedCutoffPerQuery": 10000000}, Tags=[{"Key": "a", "Value": "b"}])
athena.update_work_group(WorkGroup="g", State="DISABLED", ConfigurationUpdates={"RemoveBytesScannedCutoffPerQuery": True})
group = athena.get_work_group(WorkGroup="g")["WorkGroup"]
equal((group["State"], group["Configuration"]["EngineVersion"]["EffectiveEngineVersion"]), ("DISABLED", "Athena engine version 3"))
equal([g["Name"] for g in athena.list_work_groups()["WorkGroups"]], ["g", "primary"])
arn = "arn:aws:athena:eu-central-1:111111111111:workgroup/g"
athena.tag_resource(ResourceARN=arn, Tags=[{"Key": "c", "Value": "d"}])
athena.untag_resource(ResourceARN=arn, TagKeys=["a"])
equal(pages("list_tags_for_resource", "Tags[]", ResourceARN=arn), [{"Key": "c", "Value": "d"}])
athena.delete_work_group(WorkGroup="g", RecursiveDeleteOption=True)
equal(error(athena.get_work_group, WorkGroup="g"), "InvalidRequestException: WorkGroup is not found.")
equal(athena.list_engine_versions()["EngineVersions"][0]["SelectedEngineVersion"], "AUTO")
print("ok")
