# The provider for TestTerraformServe. It asks STS whose the key is, and reads the network's things from nowhere else.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "endpoint" { type = string }
variable "key" { type = string }
variable "secret" {
  type      = string
  sensitive = true
}

provider "aws" {
  region                  = "us-east-1"
  access_key              = var.key
  secret_key              = var.secret
  skip_metadata_api_check = true
  max_retries             = 1
  endpoints {
    cloudwatch = var.endpoint
    ec2        = var.endpoint
    logs       = var.endpoint
    sns        = var.endpoint
    sts        = var.endpoint
  }
}

data "aws_caller_identity" "me" {}

output "arn" { value = data.aws_caller_identity.me.arn }
