"""Security groups: themselves, in which VPCs, and on which interfaces."""
