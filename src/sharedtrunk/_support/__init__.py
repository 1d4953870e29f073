"""What every package may use: axes, randomness, statistics, files, the environment, the cache of compiled programs."""
