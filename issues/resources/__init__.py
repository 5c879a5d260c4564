"""Import: where resources come from. Ways in: `importing`, `pairing`."""
