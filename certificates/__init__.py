"""Certificates: what you hold. A department issues, its holder shows, a clerk verifies."""
