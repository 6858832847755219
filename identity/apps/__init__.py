"""What is registered of an app, and how strictly it is treated."""
