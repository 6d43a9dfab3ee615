"""Setups: how a test wants its organisation, as the marker `umapi` says it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from umapi_harness.common.errors import InputError
from umapi_harness.mock.api.bodies import is_object
from umapi_harness.mock.faults.plans import Plan, read_plan
from umapi_harness.mock.settings import PROFILES, Settings
from umapi_harness.mock.state.seed_files import read_seeds
from umapi_harness.mock.state.seeds import Seed, build_seed, default_seed

SEEDS: Final = ("default", "empty")


@attrs.frozen(kw_only=True)
class Setup:
    """How a test wants its organisation; one setup makes one organisation."""

    seed: Seed
    settings: Settings
    plan: Plan

    @classmethod
    def from_document(cls, document: dict[str, Any] | None = None) -> Setup:
        """A setup that follows the documentation, with a seed given as data (default: that of the server)."""
        seed = document if document is not None else "default"
        return cls.read({"seed": seed}, where="umapi_org", folder=Path())

    @classmethod
    def read(cls, arguments: Mapping[str, Any], *, where: str, folder: Path) -> Setup:
        """The setup that the arguments of a marker describe; `folder` is where paths of seeds begin.

        Raises InputError naming the argument and the remedy.
        """
        unknown = sorted(set(arguments) - {"profile", "settings", "faults", "seed"})
        if unknown:
            raise InputError(f"{where}: no argument {unknown[0]}; known are profile, settings, faults and seed")
        profile, changes = arguments.get("profile", "documented"), arguments.get("settings", {})
        if not isinstance(profile, str) or profile not in PROFILES:
            raise InputError(f"{where}: profile: {profile!r} is none of {', '.join(PROFILES)}; choose one")
        if not is_object(changes):
            raise InputError(f"{where}: settings: {changes!r} is not a dictionary; give the settings to change")
        return cls(
            seed=_seed(arguments.get("seed", "default"), f"{where}: seed", folder),
            settings=PROFILES[profile]().changed(changes, where=f"{where}: settings"),
            plan=read_plan(arguments.get("faults", []), where=f"{where}: faults"),
        )


def _seed(seed: object, where: str, folder: Path) -> Seed:
    """The seed that is meant; what is not a file gets an organisation and credentials that nobody else has."""
    document: dict[str, Any] = {"org_id": f"{secrets.token_hex(12).upper()}@AdobeOrg"}
    if seed == "default":
        document = {name: value for name, value in default_seed().items() if name != "credentials"} | document
    elif is_object(seed):
        document |= seed
    elif isinstance(seed, str | Path) and seed != "empty":
        try:
            return read_seeds([folder / seed])[0]
        except InputError as error:
            raise InputError(f"{where}: {error}") from error
    elif seed != "empty":
        raise InputError(f"{where}: {seed!r} is no seed; give {', '.join(SEEDS)}, a path or a dictionary")
    return build_seed(document, where=where)
