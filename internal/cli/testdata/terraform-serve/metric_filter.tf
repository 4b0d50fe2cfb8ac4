resource "aws_cloudwatch_log_metric_filter" "ssh" {
  name           = "ssh"
  log_group_name = aws_cloudwatch_log_group.flow.name
  pattern        = "[version, account, eni, source, destination, srcport, destport=\"22\", protocol=\"6\", packets, bytes, windowstart, windowend, action=\"REJECT\", flowlogstatus]"

  metric_transformation {
    name       = "SSHRejects"
    namespace  = "Weir"
    value      = "1"
    unit       = "Count"
    dimensions = { source = "$source" }
  }
}
