resource "aws_flow_log" "group" {
  log_destination = aws_cloudwatch_log_group.flow.arn
  iam_role_arn    = "arn:aws:iam::${data.aws_caller_identity.me.account_id}:role/flow"
  traffic_type    = "REJECT"
  vpc_id          = "vpc-0123456789abcdef0"
  tags            = { Name = "rejects", team = "network" }
}

resource "aws_flow_log" "bucket" {
  log_destination_type     = "s3"
  log_destination          = "arn:aws:s3:::flow-logs/all/"
  traffic_type             = "ALL"
  eni_id                   = "eni-0123456789abcdef0"
  max_aggregation_interval = 60
  log_format               = "$${version} $${vpc-id} $${srcaddr} $${dstaddr} $${flow-direction}"

  destination_options {
    file_format                = "parquet"
    hive_compatible_partitions = true
    per_hour_partition         = true
  }
}

resource "aws_flow_log" "subnet" {
  log_destination_type = "kinesis-data-firehose"
  log_destination      = "arn:aws:firehose:us-east-1:${data.aws_caller_identity.me.account_id}:deliverystream/flow"
  traffic_type         = "ACCEPT"
  subnet_id            = "subnet-0123456789abcdef0"
}

resource "aws_flow_log" "gateway" {
  log_destination_type     = "s3"
  log_destination          = "arn:aws:s3:::flow-logs"
  transit_gateway_id       = "tgw-0123456789abcdef0"
  max_aggregation_interval = 60
}
