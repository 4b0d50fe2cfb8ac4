"""Asks 'weir serve' in the SQL of Athena by boto3, and fails where an answer is not as it should be. Prints boto3's version, and each operation that
was answered. Arguments: the endpoint, a key's id and secret, and a folder that the server writes results into."""

import csv
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, key, secret, results = sys.argv[1:]
athena = boto3.client(
    "athena",
    endpoint_url=endpoint,
    region_name="eu-central-1",
    aws_access_key_id=key,
    aws_secret_access_key=secret,
    config=Config(retries={"total_max_attempts": 1}),
)
athena.meta.events.register(
    "after-call.athena", lambda http_response, model, **_: http_response.status_code == 200 and print(model.name, flush=True)
)
print("boto3", boto3.__version__)


def equal(got, want):
    if got != want:
        raise AssertionError(f"got {got!r}, want {want!r}")


def error(call, **arguments):
    try:
        call(**arguments)
    except ClientError as e:
        return e.response["Error"]["Code"] + ": " + e.response["Error"]["Message"]
    raise AssertionError(f"{call} was not refused")


def pages(operation, path, **arguments):
    return list(athena.get_paginator(operation).paginate(**arguments).search(path))


def run(text, state="SUCCEEDED", **arguments):
    """Does what pyathena does: start, poll until the state is an end."""
    arguments.setdefault("QueryExecutionContext", {"Database": "weir", "Catalog": "AwsDataCatalog"})
    id = athena.start_query_execution(QueryString=text, **arguments)["QueryExecutionId"]
    while (execution := athena.get_query_execution(QueryExecutionId=id)["QueryExecution"])["Status"]["State"] in ("QUEUED", "RUNNING"):
        pass
    if execution["Status"]["State"] != state:
        raise AssertionError(f"{text}: {execution['Status']}")
    return execution


def rows(text, **arguments):
    id = run(text, **arguments)["QueryExecutionId"]
    return [[cell.get("VarCharValue") for cell in row["Data"]] for row in pages("get_query_results", "ResultSet.Rows[]", QueryExecutionId=id, PaginationConfig={"PageSize": 2})]


# The catalog.
equal(pages("list_data_catalogs", "DataCatalogsSummary[].CatalogName"), ["AwsDataCatalog"])
assert "weir" in pages("list_databases", "DatabaseList[].Name", CatalogName="AwsDataCatalog")
equal(athena.get_database(CatalogName="AwsDataCatalog", DatabaseName="weir")["Database"]["Name"], "weir")
equal(athena.get_data_catalog(Name="AwsDataCatalog")["DataCatalog"]["Type"], "GLUE")
equal(pages("list_table_metadata", "TableMetadataList[].Name", CatalogName="AwsDataCatalog", DatabaseName="weir", Expression="vpc_flow_logs"), ["vpc_flow_logs"])
table = athena.get_table_metadata(CatalogName="AwsDataCatalog", DatabaseName="weir", TableName="vpc_flow_logs")["TableMetadata"]
assert {"Name": "srcaddr", "Type": "string"} in table["Columns"] and table["PartitionKeys"] == [{"Name": "date", "Type": "date"}], table

# Queries.
refused = "SELECT srcaddr, dstport, sum(bytes) AS bytes FROM vpc_flow_logs WHERE action = 'REJECT' AND dstport = 22 GROUP BY srcaddr, dstport"
equal(rows(refused), [["srcaddr", "dstport", "bytes"], ["198.51.100.9", "22", "180"]])
equal(rows("SELECT srcaddr, vpc_id FROM vpc_flow_logs WHERE dstport = ?", ExecutionParameters=["443"]), [["srcaddr", "vpc_id"], ["10.0.1.5", None]])
equal(rows("SHOW TABLES IN weir LIKE 'vpc_flow_logs'"), [["vpc_flow_logs"]])
run("CREATE VIEW refused AS " + refused)
equal(rows('SELECT count(*) FROM "weir"."refused"'), [["_col0"], ["1"]])
failed = run("SELECT nothere FROM vpc_flow_logs", "FAILED")
assert failed["Status"]["StateChangeReason"].startswith("COLUMN_NOT_FOUND: line 1:8: ") and failed["Status"]["AthenaError"]["ErrorCategory"] == 2, failed
assert error(athena.start_query_execution, QueryString="SELEC 1").startswith("InvalidRequestException: line 1:1: mismatched input 'SELEC'")
id = run("SELECT bytes FROM vpc_flow_logs")["QueryExecutionId"]
athena.stop_query_execution(QueryExecutionId=id)  # has ended, and stays as it is
assert id == athena.list_query_executions(WorkGroup="primary")["QueryExecutionIds"][0]
equal(athena.batch_get_query_execution(QueryExecutionIds=[id])["QueryExecutions"][0]["Status"]["State"], "SUCCEEDED")
assert athena.get_query_runtime_statistics(QueryExecutionId=id)["QueryRuntimeStatistics"]["Rows"]["OutputRows"] > 0

# A result in a folder, as a CSV.
location = run(refused, ResultConfiguration={"OutputLocation": f"file://{results}/boto3/"})["ResultConfiguration"]["OutputLocation"]
with open(location.removeprefix("file://"), newline="") as file:
    equal(list(csv.reader(file)), [["srcaddr", "dstport", "bytes"], ["198.51.100.9", "22", "180"]])
encrypted = {"OutputLocation": f"file://{results}/boto3/", "EncryptionConfiguration": {"EncryptionOption": "SSE_S3"}}
assert "a folder has no encryption" in error(athena.start_query_execution, QueryString="SELECT 1", ResultConfiguration=encrypted)
assert "may not write to s3://elsewhere/" in error(athena.start_query_execution, QueryString="SELECT 1", ResultConfiguration={"OutputLocation": "s3://elsewhere/"})

# What is saved.
named = athena.create_named_query(Name="refused", Database="weir", QueryString=refused)["NamedQueryId"]
athena.update_named_query(NamedQueryId=named, Name="who was refused", QueryString=refused)
equal(athena.get_named_query(NamedQueryId=named)["NamedQuery"]["Name"], "who was refused")
listed = pages("list_named_queries", "NamedQueryIds[]")
assert named in listed, listed
ready = [athena.get_named_query(NamedQueryId=i)["NamedQuery"] for i in listed if i != named]
equal(len([q for q in ready if q["Name"].startswith("VpcFlowLogs")]), 16)
equal(athena.batch_get_named_query(NamedQueryIds=[named])["NamedQueries"][0]["QueryString"], refused)
athena.delete_named_query(NamedQueryId=named)
of = {"StatementName": "port", "WorkGroup": "primary"}
athena.create_prepared_statement(**of, QueryStatement="SELECT srcaddr FROM vpc_flow_logs WHERE dstport = ?")
equal(rows("EXECUTE port USING 443"), [["srcaddr"], ["10.0.1.5"]])
athena.update_prepared_statement(**of, QueryStatement="SELECT dstaddr FROM vpc_flow_logs WHERE dstport = ?")
equal(rows("EXECUTE port USING 443"), [["dstaddr"], ["10.0.2.7"]])
assert "dstaddr" in athena.get_prepared_statement(**of)["PreparedStatement"]["QueryStatement"]
equal(athena.list_prepared_statements(WorkGroup="primary")["PreparedStatements"][0]["StatementName"], "port")
equal(len(athena.batch_get_prepared_statement(PreparedStatementNames=["port"], WorkGroup="primary")["PreparedStatements"]), 1)
athena.delete_prepared_statement(**of)

# Workgroups.
managed = {"ManagedQueryResultsConfiguration": {"Enabled": True}, "BytesScannedCutoffPerQuery": 10_000_000}
athena.create_work_group(Name="analysts", Configuration=managed, Tags=[{"Key": "a", "Value": "b"}])
equal(rows(refused, WorkGroup="analysts")[1], ["198.51.100.9", "22", "180"])
athena.update_work_group(WorkGroup="analysts", State="DISABLED")
equal(athena.get_work_group(WorkGroup="analysts")["WorkGroup"]["State"], "DISABLED")
equal([g["Name"] for g in athena.list_work_groups()["WorkGroups"]], ["analysts", "primary"])
arn = "arn:aws:athena:us-east-1:000000000000:workgroup/analysts"
athena.tag_resource(ResourceARN=arn, Tags=[{"Key": "c", "Value": "d"}])
athena.untag_resource(ResourceARN=arn, TagKeys=["a"])
equal(pages("list_tags_for_resource", "Tags[]", ResourceARN=arn), [{"Key": "c", "Value": "d"}])
athena.delete_work_group(WorkGroup="analysts", RecursiveDeleteOption=True)
equal(athena.list_engine_versions()["EngineVersions"][0]["EffectiveEngineVersion"], "Athena engine version 3")
print("ok")
