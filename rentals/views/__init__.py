"""The pages: a view makes one operation call, or reads what one page shows."""
