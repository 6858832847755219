"""What is written into the audit trail, and what may be counted."""
