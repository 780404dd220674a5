"""The tables and their history."""
