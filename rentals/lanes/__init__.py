"""What the plain ASGI lanes have in common."""
