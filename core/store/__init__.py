"""What was made: checkpoints on disk, how one follows from another, and what a person accepts of them.

Uses :mod:`core.platform`, :mod:`core.tables` and the waivers of :mod:`core.prices`.
"""
