"""Wallets, stock, activations, messages, requests and webhooks, kept in one SQLite file."""
