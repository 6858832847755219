"""What a request may ask for, read strictly."""
