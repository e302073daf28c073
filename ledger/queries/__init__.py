"""Page-shaped reads of the ledger."""
