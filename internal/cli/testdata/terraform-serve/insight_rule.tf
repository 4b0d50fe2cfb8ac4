resource "aws_cloudwatch_contributor_insight_rule" "talkers" {
  rule_name  = "talkers"
  rule_state = "ENABLED"
  rule_definition = jsonencode({
    Schema        = { Name = "CloudWatchLogRule", Version = 1 }
    AggregateOn   = "Sum"
    LogFormat     = "CLF"
    LogGroupNames = [aws_cloudwatch_log_group.flow.name]
    Fields        = { "4" = "srcaddr", "5" = "dstaddr", "10" = "bytes" }
    Contribution  = { Keys = ["srcaddr", "dstaddr"], ValueOf = "bytes", Filters = [] }
  })
  tags = { team = "network" }
}
