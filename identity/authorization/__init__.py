"""The authorization endpoint: a request arrives, is shown to a person, and is answered."""
