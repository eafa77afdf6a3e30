"""How the files under ``models/`` were made and how they are measured."""
