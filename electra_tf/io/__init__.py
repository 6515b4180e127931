"""Files of all kinds: one door to storage, and the formats behind it."""
