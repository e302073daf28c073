"""What may be spent, and what is stopped."""
