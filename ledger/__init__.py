"""Proves afterwards who used what, when and why."""
