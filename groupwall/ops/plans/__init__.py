"""Plans: what to call so that something no longer passes."""
