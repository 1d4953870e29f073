"""Run the Python of one page as a reader would: `pages_runner.py PAGE` runs its blocks in order, in one namespace.

A block that starts with `>>>` is a doctest, whose output must be the printed one. A block whose first line is
`# needs: a, b` runs only where these modules can be imported and these files are here.
"""

import doctest
import importlib.util
import re
import sys
import types
from pathlib import Path

NEEDS = "# needs: "
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def blocks(text: str) -> list[tuple[int, str]]:
    """Line number and text of every block of Python."""
    found = re.finditer(r"^```python\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    return [(text[: match.start(1)].count("\n") + 1, match[1]) for match in found]


def is_here(need: str) -> bool:
    """Whether a module or a file that a block needs is here."""
    return Path(need).exists() or ("." not in need and importlib.util.find_spec(need) is not None)


def main(page: Path) -> int:
    """Run all blocks; the exit code is the number of doctests that fail."""
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module  # so that `if __name__ == "__main__"` is true
    failed = 0
    for line, block in blocks(page.read_text()):
        first = block.partition("\n")[0]
        if first.startswith(NEEDS) and not all(map(is_here, first.removeprefix(NEEDS).split(", "))):
            compile(block, str(page), "exec")
            print(f"not run: line {line}, which needs {first.removeprefix(NEEDS)}")
        elif block.startswith(">>>"):
            test = doctest.DocTestParser().get_doctest(block, vars(module), page.name, str(page), line - 1)
            test.globs = vars(module)  # not a copy, so that functions of one block see what later blocks assign
            runner = doctest.DocTestRunner(optionflags=OPTIONS, verbose=False)
            runner.run(test, clear_globs=False)
            failed += runner.summarize(verbose=False).failed
        else:
            exec(compile("\n" * (line - 1) + block, str(page), "exec"), vars(module))
    return failed


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
