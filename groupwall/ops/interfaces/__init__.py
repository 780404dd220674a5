"""Network interfaces, their addresses and attributes."""
