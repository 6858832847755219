"""For whom somebody acts at this moment, and what they may do."""
