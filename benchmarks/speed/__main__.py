"""`python -m benchmarks.speed`; threads are set before any library is imported, hence the new start."""

from .environment import start_anew

if __name__ == "__main__":
    start_anew()
    from .run import main

    main()
