"""What hosts should enforce, what they tell that they do, and whether that is all of a change."""
