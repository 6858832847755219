"""Client metadata under the names of the IANA registry: one table, read and told by one reader."""
