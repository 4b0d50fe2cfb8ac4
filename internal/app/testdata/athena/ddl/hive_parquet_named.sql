CREATE DATABASE vpc_flow_logs_db;
CREATE EXTERNAL TABLE IF NOT EXISTS vpc_flow_logs_db.`surya-vpcflowlogs-hourly` (
  version int, account_id string, interface_id string, srcaddr string, dstaddr string, srcport int, dstport int,
  protocol bigint, packets bigint, bytes bigint, start bigint, `end` bigint, action string, log_status string,
  vpc_id string, subnet_id string, instance_id string, tcp_flags int, type string, pkt_srcaddr string, pkt_dstaddr string,
  region string, az_id string, sublocation_type string, sublocation_id string, pkt_src_aws_service string, pkt_dst_aws_service string,
  flow_direction string, traffic_path int
)
PARTITIONED BY (`aws-account-id` string, `aws-service` string, `aws-region` string, year string, month string, day string, hour string)
ROW FORMAT SERDE 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe'
STORED AS
  INPUTFORMAT 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat'
  OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat'
LOCATION '${parquet}/AWSLogs/'
TBLPROPERTIES ('EXTERNAL'='true', 'skip.header.line.count'='1');
MSCK REPAIR TABLE vpc_flow_logs_db.`surya-vpcflowlogs-hourly`
