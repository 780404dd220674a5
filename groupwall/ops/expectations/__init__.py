"""What a world's owner expects of traffic, and the changes that would break it."""
