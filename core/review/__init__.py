"""What a person decides: drafts, signatures, waivers, decisions about models, publication and its proof.

Uses :mod:`core.registry`, :mod:`core.report`, :mod:`core.store`, :mod:`core.journal` and what lies below them.
"""
