"""Under which names programs know the classes, and what became of the arguments that umapi-client 2 had."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from inspect import isfunction
from typing import Any, TypeVar

from umapi_sdk.mixtures import COMPAT
from umapi_sdk.options import nearest

C = TypeVar("C", bound=type)

_OF_NAMES = {"first_name": "give firstname", "last_name": "give lastname"}
_OF_PEOPLE = dict.fromkeys(("email", "username"), "give the e-mail address, or the user name, as user")
_OF_GROUPS = {"group_type": "leave it out, as groups of all types are given by name"}
_ATTRIBUTES = ("logger", "retry_first_delay", "retry_random_delay")
_THROTTLES = ("throttle_actions", "throttle_commands", "throttle_groups")

_FORMER: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("Connection", "__init__"): {
        "auth_dict": "give auth=OAuthS2S(…) or auth=JWTAuth(…)",
        "ims_host": "give auth_host to OAuthS2S or JWTAuth",
        "ims_endpoint_jwt": "give auth_endpoint to JWTAuth",
        "user_management_endpoint": "give endpoint",
        "retry_max_attempts": "give max_retries",
        "timeout_seconds": "give timeout",
        **{name: f"set conn.{name} = … on the connection" for name in (*_ATTRIBUTES, *_THROTTLES)},
    },
    ("UserAction", "__init__"): {"id_type": "give it to create()", **_OF_PEOPLE},
    ("UserAction", "create"): _OF_NAMES,
    ("UserAction", "update"): {**_OF_NAMES, "country": "leave it out, as the API does not change countries"},
    ("UserAction", "add_to_groups"): {**_OF_GROUPS, "all_groups": "name the groups"},
    ("UserAction", "remove_from_groups"): _OF_GROUPS,
    ("GroupAction", "add_to_products"): {"all_products": "name the product profiles"},
    ("GroupAction", "remove_from_products"): {"all_products": "name the product profiles"},
    ("UsersQuery", "__init__"): {"identity_type": 'leave it out, and look at user["type"]'},
    ("UserQuery", "__init__"): {"email": "give user_string"},
}
"""By class and method, keywords of release 2 with what to do instead."""


def public(name: str) -> Callable[[C], C]:
    """Let a class be called what programs call it: in reprs, tracebacks and the errors of wrong arguments.

    It is defined under another name, as no two classes of the project have one. Of arguments of umapi-client 2 its
    methods say what to give instead, by TypeError.
    """

    def named(cls: C) -> C:
        home = cls.__module__
        cls.__module__, cls.__name__, cls.__qualname__ = COMPAT, name, name
        for own, function in list(vars(cls).items()):
            if isfunction(function) and function.__module__ == home:  # enums hold functions of Python's too
                function.__qualname__ = f"{name}.{own}"
                if former := _FORMER.get((name, own)):
                    setattr(cls, own, _asking_after(function, former))
        return cls

    return named


def _asking_after(function: Callable[..., Any], former: Mapping[str, str]) -> Callable[..., Any]:
    """Return a method that refuses arguments of release 2, which the method itself may take for something else.

    Of one that is misspelt it names the nearest.
    """
    code = function.__code__
    known = set(code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount])

    @wraps(function)
    def asking(*arguments: Any, **keywords: Any) -> Any:
        for name in former.keys() & keywords.keys():
            called = function.__qualname__.removesuffix(".__init__")
            raise TypeError(f"{called}({name}=…) is of umapi-client 2: {former[name]}")
        for name in keywords.keys() - known:
            if meant := nearest(name, known):
                raise TypeError(f"{function.__qualname__}() got an unexpected keyword argument {name!r}{meant}")
        return function(*arguments, **keywords)

    return asking
