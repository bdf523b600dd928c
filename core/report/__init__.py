"""The draft report: blocks of text, tables and figures, drawn as text, page and PDF.

Uses the shared words and :mod:`core.tables` only: everything it says stands in the evaluation.
"""
