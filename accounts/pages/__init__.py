"""What pages of all applications share: language, zone, columns, views, undo, controls."""
