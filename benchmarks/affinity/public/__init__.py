"""Public tables on which advice is evaluated: more than a hundred questions, of which no trial was prepared.

`QUESTIONS` lists them, `load` reads one, `sizes` says with how many main labels it can be asked, `draw` makes a trial.
`python -m benchmarks.affinity.public` prints a line a question. See README.md for how they were chosen and split.
"""

from .loading import Rows as Rows
from .loading import load as load
from .packages import available as available
from .question import JUDGE as JUDGE
from .question import LEARN as LEARN
from .question import Question as Question
from .registry import QUESTIONS as QUESTIONS
from .registry import TABLES as TABLES
from .registry import question as question
from .trials import Trial as Trial
from .trials import draw as draw
from .trials import sizes as sizes
