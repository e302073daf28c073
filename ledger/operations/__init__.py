"""The only writers of the ledger's rows, one public verb each, keyword arguments only.

Here stands what people and rentals do: hold, refund, deposit, write off, close a month.
What the two providers' own books prove stands in `statement` and in `balance`.
"""
