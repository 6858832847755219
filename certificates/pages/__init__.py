"""Pages of certificates: the holder's, the clerk's and the department's."""
