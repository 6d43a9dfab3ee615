"""Secrets in markup and in multipart forms: elements, attributes, hidden fields, parts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from umapi_harness.common.json_text import Edit
from umapi_harness.common.secret_names import is_secret

_TAG: Final = re.compile(
    r"<(?P<close>/?+)(?P<name>[A-Za-z_][\w:.-]*+)(?P<attributes>(?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*+)>?+"
)
_ATTRIBUTE: Final = re.compile(
    r"(?<![\w:.-])(?P<name>[\w:.-]++)\s*+=\s*+(?:\"(?P<double>[^\"]*+)\"|'(?P<single>[^']*+)'|(?P<bare>[^\s\"'>]++))"
)
_CDATA: Final = "<![CDATA["
_NAMING: Final = frozenset({"name", "key", "id", "property", "field", "param", "parameter", "friendlyname"})
_VALUED: Final = frozenset({"value", "content", "val", "default"})
_HIDDEN: Final = frozenset({"hidden", "password"})
_OF_PAGES: Final = frozenset({"id", "name", "for", "class", "type", "label", "role", "from", "by"})
_HTML: Final = re.compile(
    r"html|head|body|meta|link|script|style|title|div|span|p|a|img|form|input|button|select|option"
    r"|optgroup|textarea|label|fieldset|legend|table|thead|tbody|tfoot|tr|td|th|ul|ol|li|dl|dt|dd|h1|h2|h3"
    r"|h4|h5|h6|section|article|header|footer|main|nav|aside|iframe|svg|path|g|use|br|hr|pre|code|b|i|em"
    r"|strong|small"
)
_LONGEST_TITLE: Final = 60
# Elements whose content is the name of what the next one holds.
_TITLES: Final = _NAMING | {"th", "dt", "label"}
# Elements that say no more than the one in which they come first: <Owner><Text>X.
_PLAIN: Final = frozenset({"text", "value", "display", "string", "literal"})
# Elements of which several follow each other under one name.
_REPEATED: Final = frozenset({"attributevalue", "value", "string", "item"})
# Elements in which pages set the name of what follows them.
_EMPHASIS: Final = frozenset({"b", "strong", "em", "i", "span", "label"})
_PART_NAME: Final = re.compile(r"(?<![\w-])name=\s*+(?:\"(?P<quoted>[^\"]*+)|(?P<bare>[^\s;\"]++))", re.IGNORECASE)


def markup_secrets(text: str, mask: str) -> Iterable[Edit]:
    """Find secrets in XML and HTML: by the name of an element or attribute, and in hidden and password fields."""
    value_next = False
    last_section_end = text.rfind("]]>")
    for tag in _TAG.finditer(text):
        if tag["close"]:
            continue
        local = tag["name"].rpartition(":")[2].lower()
        attributes = _attributes(tag)
        named = any(is_secret(value) for name, (value, _) in attributes.items() if name in _NAMING)
        hidden = local == "input" and attributes.get("type", ("", 0))[0].lower() in _HIDDEN
        for name, (value, start) in attributes.items():
            told = is_secret(name) or (name in _VALUED and (named or hidden))
            if told and value not in ("", mask):
                yield start, start + len(value), mask
        start, end = _content(text, tag.end(), last_section_end)
        content = text[start:end]
        if content and content != mask and (is_secret(local) or named or value_next):
            yield start, end, mask
        # <name>client_secret</name><value>...</value>
        value_next = local in _NAMING and bool(content) and is_secret(content)
    for name, start, end in markup_fields(text):
        if is_secret(name) and text[start:end] not in ("", mask):
            yield start, end, mask


def tags(text: str) -> Iterable[tuple[int, int]]:
    """Find where each tag begins and ends; what is not closed is none."""
    return (tag.span() for tag in _TAG.finditer(text) if tag[0].endswith(">"))


def markup_fields(text: str) -> Iterable[tuple[str, int, int]]:
    """Find the values of XML and HTML, each under all the names that may tell what it is.

    Names are those of the attribute or element, of the pair (`name="email" value="..."`), of the element before
    (`<dt>Email</dt><dd>...`), and of the column of a table.
    """
    titles: list[str] = []  # what the element before says of the next one
    heads: list[str] = []
    column = rows = 0
    emphasized = around = ""
    last_section_end = text.rfind("]]>")
    for tag in _TAG.finditer(text):
        local = tag["name"].rpartition(":")[2]
        small = local.lower()
        if tag["close"] and small in _EMPHASIS and emphasized:
            start, end = _content(text, tag.end(), last_section_end)
            if end > start:
                yield emphasized, start, end
            emphasized = ""
        if tag["close"] or not tag[0].endswith(">"):
            continue
        attributes = _attributes(tag, lowered=False)
        labels = [value for name, (value, _) in attributes.items() if name.lower() in _NAMING and value]
        for name, (value, begin) in attributes.items():
            if not (_HTML.fullmatch(small) and name.lower() in _OF_PAGES):
                yield name, begin, begin + len(value)
            if name.lower() in _VALUED:
                yield from ((label, begin, begin + len(value)) for label in labels)
        start, end = _content(text, tag.end(), last_section_end)
        content = text[start:end]
        names = [local, *labels, *titles, *([around] if small in _PLAIN else [])]
        around = local if not content and not tag[0].endswith("/>") else ""
        if small in ("table", "worksheet"):
            heads, column, rows = [], 0, 0
        elif small in ("tr", "row"):
            column, rows = 0, rows + 1
        elif small == "th" or (small in ("td", "data") and rows == 1 and len(heads) == column):
            heads = [*heads[:column], content]
            column += 1
        elif small in ("td", "data"):
            names += heads[column : column + 1]
            column += 1
        emphasized = content.rstrip(": ") if small in _EMPHASIS and len(content) < _LONGEST_TITLE else ""
        if content:
            yield from ((name, start, end) for name in names if name)
        inside = labels if not content else []  # <Attribute Name="..."><AttributeValue>
        kept = titles if small in _REPEATED else []
        titles = [content] if small in _TITLES and len(content) < _LONGEST_TITLE else inside or kept


def _attributes(tag: re.Match[str], *, lowered: bool = True) -> dict[str, tuple[str, int]]:
    """The values of a tag's attributes by their names in lower case, and where each begins."""
    found: dict[str, tuple[str, int]] = {}
    for attribute in _ATTRIBUTE.finditer(tag["attributes"]):
        group = attribute.lastgroup or "bare"
        name = attribute["name"].rpartition(":")[2]
        name = name.lower() if lowered else name
        found[name] = (attribute[group], tag.start("attributes") + attribute.start(group))
    return found


def _content(text: str, position: int, last_section_end: int) -> tuple[int, int]:
    """Return where an element's own text begins and ends, without the blanks around it."""
    while position < len(text) and text[position].isspace():
        position += 1
    if text.startswith(_CDATA, position):
        position += len(_CDATA)
        # Not sought where there is none, so that many that are not closed cost no more than one.
        end = text.find("]]>", position) if position <= last_section_end else -1
    else:
        end = text.find("<", position)
    end = len(text) if end < 0 else end
    return position, position + len(text[position:end].rstrip())


def multipart_secrets(text: str, mask: str) -> Iterable[Edit]:
    """Find the secret parts of a multipart form."""
    for name, begin, end in multipart_parts(text):
        if is_secret(name) and text[begin:end] not in ("", mask):
            yield begin, end, mask


def multipart_parts(text: str) -> Iterable[tuple[str, int, int]]:
    """Find the parts of a multipart form: the name of each, and where its content begins and ends."""
    boundary = "--"
    name: str | None = None
    begin = -1  # where the content of a part begins
    position = 0
    for line in text.split("\n"):
        bare = line.rstrip("\r")
        following = position + len(line) + 1
        if begin >= 0 and name is not None:
            if bare.startswith(boundary):
                yield name, begin, max(begin, begin + len(text[begin : position - 1].rstrip("\r")))
                begin, name = -1, None
        elif "content-disposition:" in bare.lower() or bare.startswith("name="):
            found = _PART_NAME.search(bare)
            name = (found["quoted"] or found["bare"]) if found is not None else None
        elif not bare and name is not None:
            begin = following
        elif bare.startswith("--"):
            boundary, name = bare, None
        position = following
    if begin >= 0 and name is not None:
        yield name, begin, begin + len(text[begin:].rstrip("\r"))
