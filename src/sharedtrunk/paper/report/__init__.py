"""The report: every figure of a folder, its verdicts and the ledger, on one HTML page that needs no other file.

`write` reads the folder (`_gather`), puts it into words (`_summary`, `_page_data`) and fills the page (`_page`), whose
markup, style and scripts are in `page/`. Nothing here trains or draws, and JAX need not be installed.
"""

from sharedtrunk.paper.report._write import Report as Report
from sharedtrunk.paper.report._write import write as write
