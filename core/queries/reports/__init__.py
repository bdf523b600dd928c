"""Questions about evaluations and reports: tables for the desk, the audit trail, numbers without a source."""
