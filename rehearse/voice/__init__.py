"""What speaks for the son, wherever it runs."""
