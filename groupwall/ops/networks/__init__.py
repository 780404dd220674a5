"""VPCs and subnets with their blocks, and what comes with them."""
