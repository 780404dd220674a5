"""What should hold: what the server tells, compiled to tables as values. No I/O."""
