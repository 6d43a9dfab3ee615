"""YAML documents: a cursor over YAML that builds plain data only, whatever its tags ask for."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Final

import yaml

from umapi_harness.contract.exchanges import RecordingError
from umapi_harness.contract.formats.cursors import Kind
from umapi_harness.contract.formats.sources import MEMBERS, Source

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_YAML: Final = "tag:yaml.org,2002:"

# What Python 2 wrote for its own kinds of text, numbers and lists; and what the first vcrpy wrote around its data.
_PLAIN: Final = {
    **dict.fromkeys(("str", "python/str", "python/unicode", "timestamp", "python/name:__builtin__.None"), "str"),
    **dict.fromkeys(("int", "python/int", "python/long"), "int"),
    **dict.fromkeys(("float", "python/float"), "float"),
    **dict.fromkeys(("bool", "python/bool"), "bool"),
    **dict.fromkeys(("null", "python/none"), "null"),
    **dict.fromkeys(("binary", "python/bytes"), "binary"),
    **dict.fromkeys(("seq", "python/list", "python/tuple"), "list"),
    **dict.fromkeys(("map", "omap", "python/dict", "python/object:vcr.request.Request"), "map"),
    "python/object/apply:__builtin__.frozenset": "list",
    "python/object/apply:builtins.frozenset": "list",
}
_TRUE: Final = frozenset({"yes", "true", "on"})


class YamlCursor:
    """Walks through the first document of a YAML text."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._resolver = yaml.resolver.Resolver()
        self._anchors: dict[str, object] = {}
        self._anchored = 0
        self._events: Iterator[yaml.Event] = yaml.parse(source, Loader=_LOADER)
        self._event: yaml.Event | None = self._next()
        while isinstance(self._event, (yaml.StreamStartEvent, yaml.DocumentStartEvent)):
            self._advance()

    @property
    def kind(self) -> Kind:
        event = self._event
        if isinstance(event, yaml.AliasEvent):
            value = self._anchors.get(str(event.anchor))
            return "map" if isinstance(value, dict) else "list" if isinstance(value, list) else "scalar"
        if isinstance(event, yaml.MappingStartEvent):
            return "map"
        if isinstance(event, yaml.SequenceStartEvent):
            return "list"
        return "scalar" if isinstance(event, yaml.ScalarEvent) else "end"

    @property
    def line(self) -> int | None:
        mark = self._event.start_mark if self._event is not None else None
        return None if mark is None else mark.line + 1

    def members(self) -> Iterator[str]:
        self._enter("map")
        known: set[str] = set()
        while not isinstance(self._event, yaml.MappingEndEvent):
            line, name = self.line, str(self.value())
            if name in known:
                raise self.source.twice(name, line)
            known.add(name)
            if len(known) > MEMBERS:
                raise self.source.too_many(line)
            yield name
        self._advance()

    def items(self) -> Iterator[int]:
        self._enter("list")
        number = 0
        while not isinstance(self._event, yaml.SequenceEndEvent):
            yield number
            number += 1
        self._advance()

    def skip(self) -> None:
        # Not merely passed over: an anchor in it may be needed later.
        self.value()

    def value(self) -> object:
        return self._value(0)

    def finish(self) -> None:
        """Read to the end of the document, which may have an error."""
        while self._event is not None and not isinstance(self._event, yaml.DocumentEndEvent):
            self._advance()

    def _value(self, depth: int) -> object:
        event = self._event
        line = self.line
        if depth > self.source.limits.depth:
            raise self.source.too_deep(line)
        if isinstance(event, yaml.AliasEvent):
            name = str(event.anchor)
            if name not in self._anchors:
                remedy = "an alias repeats what an anchor named before; correct it"
                raise self.source.error(f"the alias *{name} names nothing that is whole", remedy, line=line)
            self._advance()
            return self._anchors[name]
        anchor = getattr(event, "anchor", None)
        start = _index(event)
        value = self._scalar(event) if isinstance(event, yaml.ScalarEvent) else self._collection(event, depth)
        if anchor is not None:
            # What has a name is kept to the end of the file.
            self._anchored += _index(self._event) - start
            if self._anchored > self.source.limits.entry_bytes:
                raise self.source.too_large()
            self._anchors[str(anchor)] = value
        return value

    def _collection(self, event: yaml.Event | None, depth: int) -> object:
        if isinstance(event, yaml.SequenceStartEvent):
            self._enter("list")
            items: list[object] = []
            while not isinstance(self._event, yaml.SequenceEndEvent):
                items.append(self._value(depth + 1))
            self._advance()
            return items
        if isinstance(event, yaml.MappingStartEvent):
            self._enter("map")
            members: dict[str, object] = {}
            while not isinstance(self._event, yaml.MappingEndEvent):
                line, name = self.line, self._value(depth + 1)
                if isinstance(name, (dict, list)):
                    raise self.source.error("a name is no text", "a recording has no such member", line=line)
                if str(name) in members:
                    raise self.source.twice(str(name), line)
                members[str(name)] = self._value(depth + 1)
            self._advance()
            return members
        raise self.source.error("the file ends in the middle", "give the whole file", line=self.line)

    def _enter(self, kind: Kind) -> None:
        event = self._event
        if isinstance(event, yaml.AliasEvent):
            raise self.source.error("an alias stands for the list", "write the list out", line=self.line)
        tag = getattr(event, "tag", None)
        if tag is not None and self._plain(tag) != kind:
            raise self._refused(tag)
        self._advance()

    def _plain(self, tag: str) -> str | None:
        return _PLAIN.get(tag.removeprefix(_YAML)) if tag.startswith(_YAML) else "str" if tag == "!" else None

    def _refused(self, tag: str) -> RecordingError:
        problem = f"the tag {tag.replace(_YAML, '!!')!r} asks for an object"
        return self.source.error(problem, "recordings are read as plain data; remove the tag", line=self.line)

    def _scalar(self, event: yaml.ScalarEvent) -> object:
        tag = event.tag
        if tag is None or (tag == "!" and event.implicit[0]):
            tag = str(self._resolver.resolve(yaml.ScalarNode, event.value, event.implicit))  # type: ignore[no-untyped-call]
        kind = self._plain(tag) or ("str" if tag in (f"{_YAML}value", f"{_YAML}merge") else None)
        if kind is None or kind in ("list", "map"):
            raise self._refused(tag)
        value = self._converted(kind, event.value)
        self._advance()
        return value

    def _converted(self, kind: str, text: str) -> object:
        try:
            if kind == "int":
                return int(text.replace("_", ""), 10) if text.lstrip("+-").replace("_", "").isdigit() else text
            if kind == "float":
                return float(text.replace("_", ""))
            if kind == "binary":
                return base64.b64decode(text)
        except ValueError as error:
            if kind == "float":  # a notation of YAML's own, such as 1:30.5
                return text
            reason = "a number has more digits than can be read" if kind == "int" else f"is no base64 ({error})"
            raise self.source.error(reason, "correct the file", line=self.line) from None
        if kind == "bool":
            return text.lower() in _TRUE
        return None if kind == "null" else text

    def _advance(self) -> None:
        self._event = self._next()

    def _next(self) -> yaml.Event | None:
        try:
            return next(self._events, None)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else None
            reason = " ".join(str(error.problem or error.context).split())
            if "nesting depth" in reason:
                raise self.source.too_deep(line) from None
            raise self._no_yaml(reason, line) from None
        except yaml.YAMLError as error:
            raise self._no_yaml(str(error).partition("\n")[0], None) from None

    def _no_yaml(self, reason: str, line: int | None) -> RecordingError:
        # By its name it was meant as JSON, which would begin with a brace.
        is_json = self.source.path.lower().endswith((".har", ".json"))
        remedy = "a HAR file is JSON, and begins with {" if is_json else "a vcrpy cassette is a YAML or JSON file"
        return self.source.error(reason, remedy, line=line)


def _index(event: yaml.Event | None) -> int:
    return event.start_mark.index if event is not None and event.start_mark is not None else 0
