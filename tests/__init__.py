"""Tests by the part that they test, and what they share: servers, databases, processes."""
