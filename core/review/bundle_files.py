"""Names of the files of a published bundle, without what it takes to make them."""

from __future__ import annotations

TEXT_NAME = "report.txt"
PAGE_NAME = "report.html"
PDF_NAME = "report.pdf"
RECORD_NAME = "signature.json"
PROOF_NAME = "proof.dsse.json"
KEY_NAME = "public.pem"
ZIP_NAME = "bundle.zip"
STATED = (TEXT_NAME, PAGE_NAME, PDF_NAME, RECORD_NAME)
"""Files whose digests the proof states."""

MEMBERS = (*STATED, PROOF_NAME, KEY_NAME)
"""Files of the zip, in its order."""
