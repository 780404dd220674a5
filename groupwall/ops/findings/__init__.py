"""What is to be said of rules and groups: needless, dangerous, unused, in the way."""
