"""The version, in a file that imports nothing: whoever needs it does not import the package's face."""

__version__ = "0.1.0"
