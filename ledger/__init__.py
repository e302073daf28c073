"""The double-entry book of every wallet: transfers, statements, snapshots, refunds, exceptions."""
