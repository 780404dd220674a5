"""Rules: authorize, revoke, describe, change in place, weigh."""
