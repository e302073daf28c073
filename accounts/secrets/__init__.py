"""What is sealed, with which keys, and the secret part of webhooks' addresses."""
