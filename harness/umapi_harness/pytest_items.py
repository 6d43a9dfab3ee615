"""The requests of a Postman collection as items of pytest, each of which has its run go on by one step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import pytest

from umapi_harness.commands.run_documents import read_documents
from umapi_harness.commands.run_options import RunArguments
from umapi_harness.commands.running import read_arguments
from umapi_harness.common.errors import InputError
from umapi_harness.common.lines import one_line, without_commands
from umapi_harness.postman.choosing import chosen_items
from umapi_harness.postman.collection import Item
from umapi_harness.postman.rules import allowed_rules
from umapi_harness.report.failures import FailedStep
from umapi_harness.report.terminal import Part, shown
from umapi_harness.stepped_runs import Place, SteppedRun

if TYPE_CHECKING:
    from _pytest._code.code import TerminalRepr

THE_RUN: Final = "the run"
"""The item of what belongs to no request."""


class CollectionFailedError(Exception):
    """A request failed, or the run as a whole; the text is what reports show."""


class CollectionFile(pytest.File):
    """A collection, and the one run that all its items share."""

    words: list[str]
    """The options of the run, as for `umapi-harness run`."""
    run: SteppedRun

    def collect(self) -> Iterator[pytest.Item]:
        """Yield an item for each request and iteration, and one for the run as a whole."""
        try:
            arguments = read_arguments([*self.words, "--", str(self.path)])
            documents = read_documents(arguments, allowed_rules(arguments.allowed, arguments.denied))
            chosen = chosen_items(documents.collection, arguments.folders)
        except InputError as error:
            raise self.CollectError(str(error)) from None
        except click.ClickException as error:
            raise self.CollectError(f"{self.path}: {error.format_message()}") from None
        self.run = SteppedRun(arguments)
        count = _iterations(arguments, len(documents.data))
        for iteration in range(count):
            names = _names(chosen, iteration if count > 1 else None)
            for item, name in zip(chosen, names, strict=True):
                request: RequestItem = _made(RequestItem, self, name=name)
                request.place = Place(item.pointer, iteration)
                yield self._grouped(request)
        yield self._grouped(_made(RunItem, self, name=THE_RUN))

    def _grouped(self, item: pytest.Item) -> pytest.Item:
        """The item, for one worker with all others of its collection, with --dist loadgroup of pytest-xdist."""
        if self.config.pluginmanager.hasplugin("xdist"):
            item.add_marker(pytest.mark.xdist_group(self.nodeid))
        return item

    def teardown(self) -> None:
        """End the run: no item of it is left to be tested."""
        self.run.stop()


class CollectionItem(pytest.Item):
    """An item of a collection."""

    @property
    def file(self) -> CollectionFile:
        """The collection."""
        if not isinstance(self.parent, CollectionFile):
            raise TypeError(f"{self.nodeid}: belongs to no collection")
        return self.parent

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str | TerminalRepr:
        """What failed, as the console report shows it: without a traceback."""
        error = excinfo.value
        if isinstance(error, click.ClickException):
            return error.format_message()
        if isinstance(error, CollectionFailedError | InputError):
            return str(error)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The file, and the name of the item."""
        return self.path, None, self.name


class RequestItem(CollectionItem):
    """One request of the collection in one iteration."""

    place: Place

    def runtest(self) -> None:
        """Have the run go on until this request is over; raises CollectionFailedError."""
        told = self.file.run.until(self.place)
        if told is None:
            pytest.skip("the run did not come to this request")
        if told.failed is not None:
            raise CollectionFailedError("\n".join([*_text(told.failed), *self._before()]))
        if told.skipped:
            pytest.skip("a script skipped the request")

    def _before(self) -> Iterator[str]:
        """What failed before, of the requests that no item of this session reports."""
        file = self.file
        selected = {one.place for one in self.session.items if isinstance(one, RequestItem) and one.file is file}
        for place, told in file.run.told():
            if place not in selected and told.failed is not None:
                yield ""
                yield "not selected, but executed before:"
                yield from _text(told.failed)


class RunItem(CollectionItem):
    """What belongs to no request: rules that the run broke, and requests that were executed again."""

    def runtest(self) -> None:
        """Have the run go on to its end; raises CollectionFailedError."""
        lines = [line for failed in self.file.run.finish() for line in _text(failed)]
        if lines:
            raise CollectionFailedError("\n".join(lines))


def collection_file(parent: pytest.Collector, path: Path, words: list[str]) -> CollectionFile:
    """A collection, with the options of its run."""
    file: CollectionFile = _made(CollectionFile, parent, path=path)
    file.words = words
    return file


def _made(kind: Any, parent: pytest.Collector, **options: object) -> Any:
    """A node of pytest, which gives no types to what makes it."""
    return kind.from_parent(parent, **options)


def _text(failed: FailedStep) -> Iterator[str]:
    """What failed, the message first: pytest's summary shows the first line."""
    for pointer, lines in failed.failures:
        yield from (_plain(line) for line in lines)
        yield f"in {failed.where}  {pointer}".rstrip()
    yield from (_plain(line) for line in failed.consequences)
    yield from (f"  {_plain(line)}" for line in failed.context)


def _plain(parts: Iterable[Part]) -> str:
    return without_commands(shown("".join(part if isinstance(part, str) else part[0] for part in parts)))


def _names(items: Iterable[Item], iteration: int | None) -> Iterator[str]:
    """Folder / name of each request; those that come again have their number behind it."""
    seen: Counter[str] = Counter()
    ending = "" if iteration is None else f" [{iteration + 1}]"
    for item in items:
        # A colon may not stand beside another one: pytest parts names there.
        path = " / ".join((*item.folders, item.name)).replace("::", ": ")
        name = one_line(" ".join(path.split()))
        seen[name] += 1
        yield f"{name}{f' ({seen[name]})' if seen[name] > 1 else ''}{ending}"


def _iterations(arguments: RunArguments, rows: int) -> int:
    return arguments.iteration_count if arguments.iteration_count is not None else max(1, rows)
