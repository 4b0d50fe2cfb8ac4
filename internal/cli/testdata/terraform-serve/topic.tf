variable "hook" { type = string }

resource "aws_sns_topic" "ops" {
  name         = "ops"
  display_name = "Operations"
  tags         = { team = "network" }
}

# One is confirmed by its endpoint, the other waits for a person.
resource "aws_sns_topic_subscription" "hook" {
  topic_arn              = aws_sns_topic.ops.arn
  protocol               = "http"
  endpoint               = var.hook
  endpoint_auto_confirms = true
  raw_message_delivery   = true
  filter_policy          = jsonencode({ severity = ["high"] })
  delivery_policy        = jsonencode({ healthyRetryPolicy = { minDelayTarget = 5, maxDelayTarget = 30, numRetries = 10 } })
}

resource "aws_sns_topic_subscription" "person" {
  topic_arn = aws_sns_topic.ops.arn
  protocol  = "http"
  endpoint  = "${var.hook}/person"
}
