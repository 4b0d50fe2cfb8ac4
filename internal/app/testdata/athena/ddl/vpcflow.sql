CREATE EXTERNAL TABLE IF NOT EXISTS vpcflow (
  version int, account string, interfaceid string, sourceaddress string, destinationaddress string, sourceport int, destinationport int,
  protocol int, numpackets int, numbytes bigint, starttime int, endtime int, action string, logstatus string,
  vpcid string, subnetid string, instanceid string, tcpflags smallint, type string, pktsrcaddr string, pktdstaddr string,
  region string, azid string, sublocationtype string, sublocationid string, pktsrcawsservice string, pktdstawsservice string,
  flow_direction string, trafficpath string
)
PARTITIONED BY (date_partition string, region_partition string, account_partition string)
ROW FORMAT DELIMITED
FIELDS TERMINATED BY ' '
LOCATION '${text}/AWSLogs/'
TBLPROPERTIES (
  'skip.header.line.count'='1',
  'projection.enabled'='true',
  'projection.date_partition.type'='date',
  'projection.date_partition.range'='2020/01/01,NOW',
  'projection.date_partition.format'='yyyy/MM/dd',
  'projection.date_partition.interval'='1',
  'projection.date_partition.interval.unit'='DAYS',
  'projection.region_partition.type'='enum',
  'projection.region_partition.values'='us-east-1,us-west-2',
  'projection.account_partition.type'='enum',
  'projection.account_partition.values'='111122223333,444455556666',
  'storage.location.template'='${text}/AWSLogs/${account_partition}/vpcflowlogs/${region_partition}/${date_partition}'
)
