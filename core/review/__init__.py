"""What a person decides: drafts, signatures, waivers, decisions about models, publication and its proof.

Uses :mod:`core.journal`, :mod:`core.notices`, :mod:`core.platform`, :mod:`core.prices`, :mod:`core.registry`,
:mod:`core.report`, :mod:`core.request`, :mod:`core.seals` and :mod:`core.store`.
"""
