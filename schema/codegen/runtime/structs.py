"""What every model is: an immutable struct of msgspec, which builds, reads and writes it in C, and an attrs class too.

`attrs.fields`, `attrs.evolve` and `attrs.asdict` serve models as any other class of attrs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import attr
import msgspec

from .constraints import Contract

T = TypeVar("T")

if TYPE_CHECKING:
    Open = T | str
    """A member of an enum or, where the service sends one that is not known, a plain string."""
else:

    class Open:
        """At run time, the enum alone: a page with another string in it is read in the slower way."""

        def __class_getitem__(cls, members: type) -> type:
            return members


class UnknownFields(Mapping[str, object]):
    """Fields of an answer that the schema does not know. It cannot change."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, object] | None = None) -> None:
        self._fields = dict(fields or {})

    def __getitem__(self, name: str) -> object:
        return self._fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return repr(self._fields)


NO_FIELDS = UnknownFields()
"""The answer holds nothing but what the schema knows."""


class Model(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """A request, an answer, or a part of one."""

    __attrs_attrs__: ClassVar[Any]
    __contract__: ClassVar[Contract]

    def __repr__(self) -> str:
        """Show all fields but secrets and those that the schema does not know."""
        contract = self.__contract__
        shown = ", ".join(
            f"{name}={getattr(self, name)!r}" for name, wire in contract.names.items() if wire not in contract.secrets
        )
        return f"{type(self).__name__}({shown})"


class Answer(Model, frozen=True, kw_only=True):
    """What the service sends. Fields that the schema does not know make no difference between two."""

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__contract__.names)

    def __hash__(self) -> int:
        return hash((type(self), *(getattr(self, name) for name in self.__contract__.names)))


def model(cls: type[T]) -> type[T]:
    """Make a struct a class of attrs too; what attrs would generate for it, msgspec has in C."""
    fields: dict[str, Any] = {}
    for name, default in zip(cls.__struct_fields__, _defaults(cls), strict=True):
        fields[name] = attr.ib(**({} if default is msgspec.NODEFAULT else {"default": default}))
    options = dict.fromkeys(("init", "slots", "repr", "eq", "match_args"), False)
    as_attrs: type[T] = attr.s(these=fields, frozen=True, kw_only=True, **options)(cls)
    return as_attrs


def _defaults(cls: Any) -> tuple[object, ...]:
    """Return the default of each field; msgspec keeps those of the last ones."""
    known: tuple[object, ...] = cls.__struct_defaults__
    return (*(msgspec.NODEFAULT for _ in range(len(cls.__struct_fields__) - len(known))), *known)
