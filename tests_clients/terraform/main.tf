# Every resource of the slice that the provider has, once. `changed` is the second state that it is brought to.
variable "changed" {
  type    = bool
  default = false
}

resource "aws_vpc" "net" {
  cidr_block                       = "10.40.0.0/16"
  assign_generated_ipv6_cidr_block = true
  enable_dns_hostnames             = !var.changed
  tags                             = { Name = var.changed ? "second" : "first" }
}

resource "aws_default_security_group" "default" {
  vpc_id = aws_vpc.net.id
}

resource "aws_subnet" "front" {
  vpc_id                  = aws_vpc.net.id
  cidr_block              = "10.40.1.0/24"
  map_public_ip_on_launch = var.changed
}

resource "aws_ec2_managed_prefix_list" "office" {
  name           = var.changed ? "home" : "office"
  address_family = "IPv4"
  max_entries    = var.changed ? 5 : 2

  # Not another description: the provider (5.100) then sends an old version, which AWS refuses too (its issue 43528).
  entry {
    cidr        = "192.0.2.0/24"
    description = "first"
  }

  dynamic "entry" {
    for_each = var.changed ? ["198.51.100.0/24", "203.0.113.0/24"] : []
    content {
      cidr = entry.value
    }
  }
}

# A group with rules of its own.
resource "aws_security_group" "inline" {
  name                   = "inline"
  vpc_id                 = aws_vpc.net.id
  revoke_rules_on_delete = true
  tags                   = { team = "web" }

  ingress {
    description = var.changed ? "second" : "first"
    protocol    = "tcp"
    from_port   = 22
    to_port     = 22
    cidr_blocks = var.changed ? ["10.0.0.0/8"] : ["10.0.0.0/8", "192.0.2.0/24"]
    self        = true
  }

  egress {
    protocol         = "-1"
    from_port        = 0
    to_port          = 0
    cidr_blocks      = ["0.0.0.0/0"]
    ipv6_cidr_blocks = ["::/0"]
  }
}

# A group whose rules are resources.
resource "aws_security_group" "apart" {
  name_prefix = "apart-"
  vpc_id      = aws_vpc.net.id
}

resource "aws_vpc_security_group_ingress_rule" "block" {
  security_group_id = aws_security_group.apart.id
  description       = var.changed ? null : "first"
  ip_protocol       = "tcp"
  from_port         = var.changed ? 8443 : 443
  to_port           = var.changed ? 8443 : 443
  cidr_ipv4         = "0.0.0.0/0"
  tags              = { Name = "https" }
}

resource "aws_vpc_security_group_ingress_rule" "group" {
  security_group_id            = aws_security_group.apart.id
  ip_protocol                  = "-1"
  referenced_security_group_id = aws_security_group.inline.id
}

resource "aws_vpc_security_group_egress_rule" "list" {
  security_group_id = aws_security_group.apart.id
  ip_protocol       = "udp"
  from_port         = 53
  to_port           = var.changed ? 54 : 53
  prefix_list_id    = aws_ec2_managed_prefix_list.office.id
}

resource "aws_security_group_rule" "old" {
  type              = "ingress"
  security_group_id = aws_security_group.apart.id
  protocol          = "icmp"
  from_port         = 8
  to_port           = -1
  cidr_blocks       = ["10.0.0.0/8"]
}

resource "aws_network_interface" "eth" {
  subnet_id         = aws_subnet.front.id
  private_ips       = ["10.40.1.10"]
  security_groups   = var.changed ? [aws_security_group.apart.id] : [aws_security_group.inline.id]
  source_dest_check = !var.changed
}

data "aws_security_groups" "all" {
  filter {
    name   = "vpc-id"
    values = [aws_vpc.net.id]
  }
  depends_on = [aws_security_group.inline, aws_security_group.apart]
}

output "groups" {
  value = length(data.aws_security_groups.all.ids)
}
