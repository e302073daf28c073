"""The history: its filters and its orders."""
