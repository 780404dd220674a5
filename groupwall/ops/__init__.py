"""The operations, files by noun."""
