"""`python -m sharedtrunk`: the command line."""

from sharedtrunk.cli import main

if __name__ == "__main__":  # worker processes import this module again
    main()
