"""The README's example in an environment with the wheel alone: `smoke.py FOLDER-OF-PROGRAMS README`."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

programs, readme = Path(sys.argv[1]).absolute(), Path(sys.argv[2])
(example,) = re.findall(r"```python\n(.*?)```", readme.read_text(), flags=re.DOTALL)
with tempfile.TemporaryDirectory() as folder:
    for command in ([programs / "sharedtrunk", "--version"], [programs / "sharedtrunk", "list"]):
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE)
    command = [programs / "python", "-c", example]
    number, unit = subprocess.run(command, cwd=folder, check=True, text=True, stdout=subprocess.PIPE).stdout.split()
    typed = [
        programs / "python",
        "-c",
        "import sharedtrunk as s, pathlib; print(pathlib.Path(s.__file__).with_name('py.typed').exists())",
    ]
    assert subprocess.run(typed, cwd=folder, check=True, text=True, stdout=subprocess.PIPE).stdout.strip() == "True"
assert unit == "nats", unit
assert 0 < float(number) < 1, number
print("the wheel works:", number, unit)
