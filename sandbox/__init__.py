"""Both SMS providers as one local HTTP server, with wallets, stock, webhooks and faults.

Written from the providers' public documents alone: it is the other side of the wire, and shares
no code with the client that talks to it.
"""
