"""Identity: who somebody is, and for whom they act."""
