"""What every model is: a class of attrs that msgspec holds as an immutable struct, to build, read and write it in C.

`attrs.fields`, `attrs.evolve` and `attrs.asdict` serve models as any other class of attrs, and type checkers see one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeAlias, TypeVar, cast

import msgspec
from msgspec.structs import force_setattr

from umapi_runtime.constraints import Contract

T = TypeVar("T")
M = TypeVar("M", bound="Model")


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


if TYPE_CHECKING:
    from attrs import field, frozen

    Open: TypeAlias = T | str
    """A member of an enum or, where the service sends one that is not known, a plain string."""

    class _Struct:
        def __init_subclass__(cls, *, kw_only: bool) -> None: ...

        def __copy__(self) -> Self: ...

else:

    class Open:
        """At run time the enum alone: an answer with another string in it is read in the slower way."""

        def __class_getitem__(cls, members: type) -> type:
            return members

    class _Struct(
        msgspec.Struct,
        frozen=True,
        kw_only=True,
        omit_defaults=True,
        forbid_unknown_fields=True,
        weakref=True,
    ): ...

    def field(*, default: object = msgspec.NODEFAULT, metadata: Mapping[str, str]) -> Any:
        """Return a field whose name on the wire is not its name in Python."""
        return msgspec.field(default=default, name=metadata["name"])

    class _Fields:
        """The fields of a struct as attrs describes those of its classes, which is found out when somebody asks."""

        def __init__(self, *, kw_only: bool) -> None:
            self._kw_only = kw_only

        def __get__(self, _: object, cls: type) -> tuple[Any, ...]:
            import attr  # noqa: PLC0415 - it takes longer to load than all models

            names, defaults = cls.__struct_fields__, cls.__struct_defaults__  # the defaults are of the last fields
            values = dict(zip(names[len(names) - len(defaults) :], defaults, strict=True))
            fields = {
                name: attr.ib(default=values.get(name, attr.NOTHING), type=cls.__annotations__[name]) for name in names
            }
            cls.__attrs_attrs__ = attr.make_class(
                cls.__name__, fields, frozen=True, kw_only=self._kw_only
            ).__attrs_attrs__
            return cls.__attrs_attrs__

    def frozen(*, kw_only: bool) -> Callable[[type], type]:
        """Make a struct a class of attrs; what attrs would generate for it, msgspec has in C."""

        def as_attrs(cls: type) -> type:
            cls.__attrs_attrs__ = _Fields(kw_only=kw_only)
            return cls

        return as_attrs


class Model(_Struct, kw_only=True):
    """A request, an answer, or a part of one."""

    __contract__: ClassVar[Contract]

    def __repr__(self) -> str:
        """Show all fields but secrets and those that the schema does not know."""
        contract = self.__contract__
        shown = ", ".join(
            f"{name}={getattr(self, name)!r}" for name, wire in contract.names.items() if wire not in contract.secrets
        )
        return f"{type(self).__name__}({shown})"

    @classmethod
    def __share__(cls, entries: Sequence[Any]) -> None:
        """Let the entries of a listing hold once what it repeats without end; of most models, it repeats nothing."""


def changed(model: M, name: str, value: object) -> M:
    """Return a copy of a model with another value, of which the caller knows that all that must hold does."""
    copy = model.__copy__()
    force_setattr(cast("msgspec.Struct", copy), name, value)
    return copy


class Answer(Model, kw_only=True):
    """What the service sends. Fields that the schema does not know make no difference between two."""

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__contract__.names)

    def __hash__(self) -> int:
        return hash((type(self), *(getattr(self, name) for name in self.__contract__.names)))


__all__ = ["NO_FIELDS", "Answer", "Model", "Open", "UnknownFields", "changed", "field", "force_setattr", "frozen"]
