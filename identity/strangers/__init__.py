"""Calls to addresses that strangers named."""
