"""How every command runs: settings in, Problems out, one exit code."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn, ParamSpec, TypeVar

import click

from mappings.problems import Problem, ProblemError

P = ParamSpec("P")
R = TypeVar("R")


def settings(ctx: click.Context) -> Any:
    """The settings of this run."""
    from adapter.config import load_settings

    named = ctx.find_root().obj
    loaded = load_settings(Path(named) if named else None)
    if loaded.log == "info":
        from adapter import log

        log.start("INFO")
        log.event("started", command=ctx.info_name or "")
    return loaded


def now() -> Any:
    """The time in UTC to the second. The clock is read here and handed down."""
    import datetime as dt

    from mappings.domain.values import Moment

    return Moment(dt.datetime.now(dt.UTC).isoformat(timespec="seconds"))


def emit(value: Any) -> None:
    """Print one value as a JSON line on stdout."""
    import msgspec

    click.echo(msgspec.json.encode(value).decode())


@contextmanager
def refused_as(as_json: bool) -> Iterator[None]:
    """Within this, what a command is refused for is one JSON object on stdout too, where JSON was asked for."""
    try:
        yield
    except ProblemError as error:
        from adapter.errors import NotPermitted

        if as_json and not isinstance(error, NotPermitted):  # that has a decision to show
            emit({"problems": error.problems})
        raise


@contextmanager
def progress(what: str) -> Iterator[Any]:
    """A bar on a terminal; nothing in a pipe. It has no thread of its own: processes may be forked beside it."""
    if not sys.stderr.isatty():
        yield None
        return
    import time

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    drawn = 0.0

    def tell_of(done: int, total: int | None) -> None:
        nonlocal drawn
        due = time.monotonic() - drawn > 0.1 or done == total
        drawn = time.monotonic() if due else drawn
        bar.update(task, completed=done, total=total, refresh=due)

    with Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False) as bar:
        task = bar.add_task(what, total=None)
        yield tell_of


@contextmanager
def reading() -> Iterator[None]:
    """A bar while files are read."""
    from adapter.watching import watched

    with progress("reading files") as told, watched(told):
        yield


def printable(text: str) -> str:
    """A text in which a name cannot steer the terminal or fake a line: what is not printed is written as its code."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def tell(problems: Iterable[Problem]) -> None:
    """Print Problems on stderr, one a line."""
    for found in problems:
        click.echo(printable(str(found)), err=True)


def end(code: int) -> NoReturn:
    """End the command with this exit code; the log, where it is on, gets the code and nothing else."""
    sys.stdout.flush()
    if "adapter.log" in sys.modules:
        from adapter import log

        log.event("ended", code=code)
    raise SystemExit(code)


def guarded(command: Callable[P, R]) -> Callable[P, R]:
    """Turn Problems and failures of the system into lines on stderr and an exit code; no traceback shows a value."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except ProblemError as error:
            tell(error.problems)
            from adapter.errors import exit_code

            end(exit_code(error))
        except BrokenPipeError:
            end(1)
        except OSError as error:
            from adapter.cli.places import refused

            click.echo(printable(refused(error)), err=True)
            end(1)
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except Exception as error:  # the last resort: its text may quote a value, so only kind and place are told
            click.echo(f"error: internal error [{type(error).__name__}, {_place(error)}]", err=True)
            end(1)

    return run


def _place(error: Exception) -> str:
    """Module and line of our code in which an error came up."""
    place, trace = "unknown", error.__traceback__
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        if module != __name__ and module.partition(".")[0] in ("adapter", "mappings"):
            place = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
