"""The page: thin handlers over a rehearsal."""
