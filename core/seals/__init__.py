"""Keys and what they vouch for: key pairs as files, which keys count, and the signed head of the ledger.

Uses :mod:`core.journal` and :mod:`core.platform`.
"""
