"""Celery's side: each task makes one call of an operation, and may run twice or never."""
