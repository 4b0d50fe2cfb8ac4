CREATE EXTERNAL TABLE IF NOT EXISTS test_table_vpclogs (
  version int, account_id string, interface_id string, srcaddr string, dstaddr string, srcport int, dstport int,
  protocol bigint, packets bigint, bytes bigint, start bigint, `end` bigint, action string, log_status string,
  vpc_id string, subnet_id string, instance_id string, tcp_flags int, type string, pkt_srcaddr string, pkt_dstaddr string,
  region_field string, az_id string, sublocation_type string, sublocation_id string, pkt_src_aws_service string, pkt_dst_aws_service string,
  flow_direction string, traffic_path int
)
PARTITIONED BY (accid string, region string, day string)
ROW FORMAT DELIMITED
FIELDS TERMINATED BY ' '
LOCATION '${text}/AWSLogs/'
TBLPROPERTIES (
  'skip.header.line.count'='1',
  'projection.enabled'='true',
  'projection.day.type'='date',
  'projection.day.range'='2020/01/01,NOW',
  'projection.day.format'='yyyy/MM/dd',
  'projection.day.interval'='1',
  'projection.day.interval.unit'='DAYS',
  'projection.accid.type'='enum',
  'projection.accid.values'='111122223333',
  'projection.region.type'='enum',
  'projection.region.values'='us-east-1,us-west-2',
  'storage.location.template'='${text}/AWSLogs/${accid}/vpcflowlogs/${region}/${day}'
)
