"""A sweep on a cluster, `cluster_script.py FOLDER SCHEDULER LOG CHUNKS SECONDS_PER_CHUNK`, to be killed."""

import sys

from cluster_toy import logged_sweep

from sharedtrunk.sweeps import Store, run

if __name__ == "__main__":
    folder, scheduler, log, chunks, seconds = sys.argv[1:]
    run([logged_sweep(log, chunks=int(chunks), seconds=float(seconds))], Store(folder), cluster=scheduler)
    print("finished")
