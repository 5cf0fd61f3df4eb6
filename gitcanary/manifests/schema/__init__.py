"""What a Canary may say: all of Flagger's fields and ours, read with file, line and field for whatever is wrong."""
