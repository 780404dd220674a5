"""Which traffic passes between interfaces, and by which rules."""
