"""The keys of the provider and the tokens they sign."""
