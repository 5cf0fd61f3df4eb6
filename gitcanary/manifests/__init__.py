"""The files: text in, text out. Nothing here opens a file, asks the network or looks at a clock."""
