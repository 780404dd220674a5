"""Real packets and connections, to see what passes."""
