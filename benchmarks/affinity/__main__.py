"""`python -m benchmarks.affinity`; also what worker processes import again, hence the guard."""

from .run import main

if __name__ == "__main__":
    main()
