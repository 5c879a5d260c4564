"""Import: where resources come from, and how they are kept. Ways in: `importing`, `pairing`, `shelf`."""
