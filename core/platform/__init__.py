"""What the machine and its storage give: files, objects, processes, time limits, retries, one thread.

Uses only the words that everybody shares: :mod:`core.errors` and :mod:`core.fingerprint`.
"""
