"""YAML as text: read with the place of every value, edited exactly, written in one style."""
