/** What the test of Terraform makes; the variable `change` says which of two forms it has. */

const statement = (text: string): string => `jsonencode({ Version = "2012-10-17", Statement = [{ ${text} }] })`

/** `source`: of the provider. All services are at `url`. */
export function configuration(source: string, url: string): string {
  return `
terraform {
  required_providers {
    aws = { source = "${source}" }
  }
}

provider "aws" {
  region                      = "us-east-1"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  max_retries                 = 1
  endpoints {
    kms = "${url}"
    iam = "${url}"
    sts = "${url}"
  }
}

variable "change" { default = "first" }

data "aws_caller_identity" "me" {}

locals {
  root = "arn:aws:iam::\${data.aws_caller_identity.me.account_id}:root"
}

resource "aws_iam_user" "admin" {
  name = "admin"
  path = "/people/"
  tags = { Team = "keys" }
}

resource "aws_iam_access_key" "admin" { user = aws_iam_user.admin.name }

resource "aws_iam_user_policy" "admin" {
  name   = "inline"
  user   = aws_iam_user.admin.name
  policy = ${statement('Effect = "Allow", Action = "sts:AssumeRole", Resource = aws_iam_role.worker.arn')}
}

resource "aws_iam_user_policy_attachment" "admin" {
  user       = aws_iam_user.admin.name
  policy_arn = aws_iam_policy.use.arn
}

resource "aws_iam_group" "admins" { name = "admins" }

resource "aws_iam_group_membership" "admins" {
  name  = "admins"
  group = aws_iam_group.admins.name
  users = [aws_iam_user.admin.name]
}

resource "aws_iam_group_policy" "admins" {
  name   = "inline"
  group  = aws_iam_group.admins.name
  policy = ${statement('Effect = "Allow", Action = "kms:ListKeys", Resource = "*"')}
}

resource "aws_iam_group_policy_attachment" "admins" {
  group      = aws_iam_group.admins.name
  policy_arn = aws_iam_policy.use.arn
}

resource "aws_iam_policy" "use" {
  name        = "use-keys"
  description = "Use keys"
  tags        = { Team = "keys" }
  policy = ${statement(
    'Effect = "Allow", Resource = "*", ' +
      'Action = ["kms:Encrypt", "kms:Decrypt", var.change == "first" ? "kms:DescribeKey" : "kms:GenerateDataKey"]',
  )}
}

resource "aws_iam_openid_connect_provider" "ci" {
  url             = "https://ci.example"
  client_id_list  = ["trent", "sts.amazonaws.com"]
  thumbprint_list = ["9e99a48a9960b14926bb7f3b02e22da2b0ab7280"]
}

resource "aws_iam_role" "ci" {
  name = "ci"
  assume_role_policy = ${statement(
    'Effect = "Allow", Principal = { Federated = aws_iam_openid_connect_provider.ci.arn }, ' +
      'Action = "sts:AssumeRoleWithWebIdentity", Condition = { StringEquals = { "ci.example:aud" = "trent" } }',
  )}
}

resource "aws_iam_role" "worker" {
  name                 = "worker"
  path                 = "/jobs/"
  description          = "Works (\${var.change})"
  max_session_duration = 7200
  permissions_boundary = aws_iam_policy.use.arn
  assume_role_policy   = ${statement('Effect = "Allow", Principal = { AWS = local.root }, Action = "sts:AssumeRole"')}
  tags                 = { Team = "keys" }
}

resource "aws_iam_role_policy" "worker" {
  name   = "inline"
  role   = aws_iam_role.worker.name
  policy = ${statement('Effect = "Allow", Action = "kms:ListKeys", Resource = "*"')}
}

resource "aws_iam_role_policy_attachment" "worker" {
  role       = aws_iam_role.worker.name
  policy_arn = aws_iam_policy.use.arn
}

resource "aws_kms_key" "data" {
  description             = "Data (\${var.change})"
  deletion_window_in_days = 7
  tags                    = { Team = "keys" }
  policy = jsonencode({ Version = "2012-10-17", Statement = [
    {
      Sid       = "Root", Effect = "Allow", Resource = "*", Action = "kms:*"
      Principal = { AWS = local.root }
      Condition = { ArnEquals = { "aws:PrincipalArn" = local.root } }
    },
    {
      Sid       = "Administrators", Effect = "Allow", Resource = "*", Action = ["kms:DescribeKey", "kms:PutKeyPolicy"]
      Principal = { AWS = [aws_iam_user.admin.arn, aws_iam_role.ci.arn] }
    },
    { Sid = "Use", Effect = "Allow", Resource = "*", Action = "kms:Decrypt", Principal = { AWS = aws_iam_role.worker.arn } },
  ] })
}

resource "aws_kms_key" "plain" {}

resource "aws_kms_key_policy" "plain" {
  key_id = aws_kms_key.plain.id
  policy = ${statement('Effect = "Allow", Principal = { AWS = local.root }, Action = "kms:*", Resource = "*"')}
}

resource "aws_kms_alias" "data" {
  name          = "alias/data"
  target_key_id = var.change == "first" ? aws_kms_key.data.key_id : aws_kms_key.plain.key_id
}

resource "aws_kms_grant" "worker" {
  name              = "worker"
  key_id            = aws_kms_key.data.key_id
  grantee_principal = aws_iam_role.worker.arn
  operations        = ["Encrypt", "Decrypt", "GenerateDataKey"]
  constraints { encryption_context_equals = { Tenant = "north" } }
}

output "key" { value = aws_kms_key.data.key_id }
output "other_key" { value = aws_kms_key.plain.key_id }
output "access_key" { value = aws_iam_access_key.admin.id }
output "secret" {
  value     = aws_iam_access_key.admin.secret
  sensitive = true
}
`
}
