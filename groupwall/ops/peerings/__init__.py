"""VPC peering connections, and rules that reference groups across them."""
