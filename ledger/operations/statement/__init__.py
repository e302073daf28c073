"""What the provider's own list says: rows imported, matched, undone, and doubts that they end."""
