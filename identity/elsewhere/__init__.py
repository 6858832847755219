"""Requests that are answered on another device than the one that asks."""
