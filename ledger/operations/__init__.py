"""The only writers of the ledger's rows, one public verb each, keyword arguments only."""
