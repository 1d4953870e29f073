"""`python -m benchmarks.speed`. It starts itself anew, so that thread counts are set before any library is imported."""

from .environment import start_anew

if __name__ == "__main__":
    start_anew()
    from .run import main

    main()
