"""Who calls, and by which key."""
