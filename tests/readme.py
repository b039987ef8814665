"""The README runs: `python -m tests.readme` writes the outputs it shows anew, test_readme compares.

A `console` block is run line by line in one folder that lasts for the page; what stands between commands is their
output, stderr included. A `python` block is run the same way and followed by a `text` block. What stands between
`<!-- COMMAND -->` and `<!-- end -->` is that command's output.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
VOLATILE = ((re.compile(r"(?<=thumbprint )[A-Za-z0-9_-]{43}"), "THUMBPRINT"),)
"""What differs from run to run, and what stands for it on the page."""
BLOCK = re.compile(r"^```(?P<kind>\w+)\n(?P<body>.*?)^```\n", re.M | re.S)
GENERATED = re.compile(r"^<!-- (?P<command>second-opinion .*?) -->\n.*?^<!-- end -->\n", re.M | re.S)
EITHER = re.compile(f"{BLOCK.pattern}|{GENERATED.pattern}", re.M | re.S)


class Shell:
    """A folder with the fixtures, the commands of this environment, and a ledger of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.code = 0
        shutil.copytree(ROOT / "fixtures", folder / "fixtures")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SECOND_OPINION_")}
        self.environ = kept | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "SECOND_OPINION_LEDGER": f"sqlite:///{folder / 'ledger.sqlite3'}",
            "PYTHONPATH": str(ROOT),
            "LC_ALL": "C.UTF-8",
        }

    def run(self, command: str) -> str:
        """The output of one command line; `$?` is that of the one before."""
        return self._run("bash", "-c", f"(exit {self.code}); {command}")

    def python(self, source: str) -> str:
        """The output of a Python block."""
        return self._run(sys.executable, "-c", source)

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            command, cwd=self.folder, env=self.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        self.code = done.returncode
        text = done.stdout.decode()
        for pattern, word in VOLATILE:
            text = pattern.sub(word, text)
        return text


def commands(body: str) -> list[str]:
    """The command lines of a console block."""
    return [line.removeprefix("$ ") for line in body.splitlines() if line.startswith("$ ")]


def renewed(page: str, shell: Shell) -> str:
    """The page with every output as it is now."""

    def console(block: str) -> str:
        return "".join(f"$ {command}\n{shell.run(command)}" for command in commands(block))

    def pieces() -> Iterator[str]:
        last, wants_output = 0, None
        for found in EITHER.finditer(page):
            yield page[last : found.start()]
            last = found.end()
            if found["command"]:
                yield f"<!-- {found['command']} -->\n{shell.run(found['command'])}<!-- end -->\n"
            elif found["kind"] == "console":
                yield f"```console\n{console(found['body'])}```\n"
            elif found["kind"] == "python":
                wants_output = shell.python(found["body"])
                yield found.group()
            elif found["kind"] == "text" and wants_output is not None:
                yield f"```text\n{wants_output}```\n"
                wants_output = None
            else:
                yield found.group()
        yield page[last:]

    return "".join(pieces())


def run() -> tuple[str, str]:
    """The page as it is and as it should be."""
    page = README.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as scratch:
        return page, renewed(page, Shell(Path(scratch)))


if __name__ == "__main__":
    README.write_text(run()[1], encoding="utf-8")
