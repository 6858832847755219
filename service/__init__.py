"""Haihe's composition root: the only package that knows all three domains."""
