resource "aws_cloudwatch_metric_alarm" "ssh" {
  alarm_name          = "ssh"
  alarm_description   = "SSH is tried from outside"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  metric_name         = aws_cloudwatch_log_metric_filter.ssh.metric_transformation[0].name
  namespace           = aws_cloudwatch_log_metric_filter.ssh.metric_transformation[0].namespace
  period              = 60
  statistic           = "Sum"
  threshold           = 10
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.ops.arn]
  ok_actions          = [aws_sns_topic.ops.arn]
  tags                = { team = "network" }
}

resource "aws_cloudwatch_metric_alarm" "share" {
  alarm_name          = "share"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 1
  threshold           = 0.5

  metric_query {
    id          = "share"
    expression  = "rejects / records"
    label       = "Share of rejects"
    return_data = true
  }
  metric_query {
    id = "rejects"
    metric {
      metric_name = "Rejects"
      namespace   = "Weir"
      period      = 300
      stat        = "Sum"
      dimensions  = { VPC = "vpc-0123456789abcdef0" }
    }
  }
  metric_query {
    id = "records"
    metric {
      metric_name = "Records"
      namespace   = "Weir"
      period      = 300
      stat        = "Sum"
      dimensions  = { VPC = "vpc-0123456789abcdef0" }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "slow" {
  alarm_name                            = "slow"
  comparison_operator                   = "GreaterThanThreshold"
  evaluation_periods                    = 1
  metric_name                           = "Latency"
  namespace                             = "Weir"
  period                                = 60
  extended_statistic                    = "p99"
  evaluate_low_sample_count_percentiles = "ignore"
  threshold                             = 100
  unit                                  = "Milliseconds"
}

resource "aws_cloudwatch_composite_alarm" "attack" {
  alarm_name        = "attack"
  alarm_description = "SSH is tried, and much is refused"
  alarm_rule        = "ALARM(${aws_cloudwatch_metric_alarm.ssh.alarm_name}) AND ALARM(${aws_cloudwatch_metric_alarm.share.alarm_name})"
  alarm_actions     = [aws_sns_topic.ops.arn]
  tags              = { team = "network" }

  actions_suppressor {
    alarm            = aws_cloudwatch_metric_alarm.slow.alarm_name
    extension_period = 60
    wait_period      = 120
  }
}
