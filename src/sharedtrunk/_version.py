"""The version, in a file that imports nothing, so that every package can import it."""

__version__ = "0.2.0"
