"""What the kernel is told and asked, by netlink: tables of nftables, links, tracked flows."""
