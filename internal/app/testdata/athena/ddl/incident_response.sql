CREATE EXTERNAL TABLE IF NOT EXISTS vpc_flow_logs_000000000000 (
  version int, account string, interfaceid string, sourceaddress string, destinationaddress string, sourceport int, destinationport int,
  protocol int, numpackets int, numbytes bigint, starttime int, endtime int, action string, logstatus string
)
PARTITIONED BY (`date` date)
ROW FORMAT DELIMITED
FIELDS TERMINATED BY ' '
LOCATION '${text}/AWSLogs/111122223333/vpcflowlogs/us-east-1/'
TBLPROPERTIES ('skip.header.line.count'='1')
;
ALTER TABLE vpc_flow_logs_000000000000 ADD IF NOT EXISTS PARTITION (`date`='${day}') LOCATION '${text}/AWSLogs/111122223333/vpcflowlogs/us-east-1/${slashed}/'
