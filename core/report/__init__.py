"""The draft report: blocks of text, tables and figures, drawn as text, page and PDF.

Everything it says stands in the evaluation.

Uses :mod:`core.tables`.
"""
