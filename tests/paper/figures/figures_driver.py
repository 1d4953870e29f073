"""The real command line with a toy in place of the point function: `python figures_driver.py FUNCTION ARGUMENT…`."""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    from figures_toy import toy_figures

    from sharedtrunk import cli
    from sharedtrunk.paper import figures

    figures.FIGURES.update(toy_figures(sys.argv.pop(1)))
    cli.main()
