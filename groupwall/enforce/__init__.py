"""From the changes of a store to packets that pass or do not: the policy of each interface, and Linux under it."""
