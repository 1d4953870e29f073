"""Your own data: should task B be trained beside task A? The benefit is measured first, then explained.

`AuxiliaryTaskAdvisor`, `SharedTrunkClassifier` and `LinearTaskClassifier` are scikit-learn estimators. `advise` and
`affinity_matrix` take a `tables.Table` and return an `Advice` or an `AffinityMatrix`; `affinity.presentation` shows them and
writes them. `OwnModel` and `StackedTasks` put a model of your own in place of the student. `TablePreprocessor` does to
features what `advise` does to them, in a pipeline of your own.
"""

from sharedtrunk.affinity._advice import Advice as Advice
from sharedtrunk.affinity._advice import AffinityMatrix as AffinityMatrix
from sharedtrunk.affinity._advise import advise as advise
from sharedtrunk.affinity._advisor import AuxiliaryTaskAdvisor as AuxiliaryTaskAdvisor
from sharedtrunk.affinity._classifier import SharedTrunkClassifier as SharedTrunkClassifier
from sharedtrunk.affinity._explanation import Explanation as Explanation
from sharedtrunk.affinity._linear_classifier import LinearTaskClassifier as LinearTaskClassifier
from sharedtrunk.affinity._matrix import affinity_matrix as affinity_matrix
from sharedtrunk.affinity._own_model import OwnModel as OwnModel
from sharedtrunk.affinity._preprocessor import TablePreprocessor as TablePreprocessor
from sharedtrunk.affinity._records import AuxiliaryAdvice as AuxiliaryAdvice
from sharedtrunk.affinity._records import Conditions as Conditions
from sharedtrunk.affinity._records import CurvePoint as CurvePoint
from sharedtrunk.affinity._records import Effect as Effect
from sharedtrunk.affinity._records import Outlook as Outlook
from sharedtrunk.affinity._stacked_tasks import StackedTasks as StackedTasks
from sharedtrunk.affinity._student import LinearStudent as LinearStudent
from sharedtrunk.affinity._student import Student as Student
