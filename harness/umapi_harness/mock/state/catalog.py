"""The catalog: the groups and products that an organisation has, with the index to find them by name."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import attrs

from umapi_harness.mock.state import groups as g
from umapi_harness.mock.state.changes import Changes
from umapi_harness.mock.state.groups import Group, Product, key
from umapi_harness.mock.state.rosters import Roster
from umapi_models.names import FIXED_ADMIN_GROUPS

_FIRST_GROUP_ID = 48_000_001


class Catalog:
    """The groups of every kind, and the products."""

    def __init__(self, changes: Changes) -> None:
        """Begin with the admin groups that every organisation has; `changes` counts what is changed."""
        self.groups: Roster[Group] = Roster()
        """The groups, oldest first."""
        self.products: dict[str, Product] = {}
        self._changes = changes
        self._next_group_id = _FIRST_GROUP_ID
        self._by_name: dict[str, Group] = {}
        for name, kind in FIXED_ADMIN_GROUPS.items():
            self._add_group(Group(id=self._group_id(None), name=name, kind=kind))

    def find(self, name: str) -> Group | None:
        """The group of any kind with that name."""
        return self._by_name.get(key(name))

    def add_user_group(
        self,
        name: str,
        *,
        description: str | None = None,
        read_only: bool = False,
        group_id: int | None = None,
    ) -> Group:
        """Create a user group and the group of its admins."""
        group = Group(
            id=self._group_id(group_id),
            name=name,
            kind=g.USER_GROUP,
            description=description,
            read_only=read_only,
        )
        self._add_group(group)
        group.admins = self._add_admin_group(g.USER_GROUP_ADMINS, group)
        return group

    def add_product(self, name: str, *, product_id: str | None = None, code: str | None = None) -> Product:
        """Create a product and the group of its admins."""
        admins = Group(
            id=self._group_id(None), name=f"{g.ADMIN_PREFIXES[g.PRODUCT_ADMINS]}{name}", kind=g.PRODUCT_ADMINS
        )
        self._add_group(admins)
        number = len(self.products) + 1
        product = Product(
            name=name,
            id=f"{number:032X}" if product_id is None else product_id,
            code=f"PRD{number}" if code is None else code,
            admins=admins,
        )
        admins.product = product
        self.products[key(name)] = product
        return product

    def add_profile(
        self, name: str, product: Product, *, quota: int | None = None, group_id: int | None = None
    ) -> Group:
        """Create a product profile, with the groups of its admins and developers."""
        profile = Group(id=self._group_id(group_id), name=name, kind=g.PROFILE, product=product, quota=quota)
        self._add_group(profile)
        product.profiles.add(profile)
        profile.admins = self._add_admin_group(g.PROFILE_ADMINS, profile)
        profile.developers = self._add_admin_group(g.DEVELOPERS, profile)
        return profile

    def rename(self, group: Group, name: str) -> None:
        """Change a user group's name, and that of its admin group with it."""
        self._changes.add()
        for changed, new_name in ((group, name), (group.admins, f"{g.ADMIN_PREFIXES[g.USER_GROUP_ADMINS]}{name}")):
            if changed is not None:
                del self._by_name[key(changed.name)]
                changed.name = new_name
                self._by_name[key(new_name)] = changed

    def describe(self, group: Group, description: str) -> None:
        """Change a user group's description."""
        self._changes.add()
        group.description = description

    def link(self, user_group: Group, profile: Group) -> None:
        """Give the members of the user group the profile."""
        self._changes.add()
        user_group.profiles.add(profile)
        profile.user_groups.add(user_group)

    def unlink(self, user_group: Group, profile: Group) -> None:
        """Take the profile from the members of the user group."""
        self._changes.add()
        user_group.profiles.discard(profile)
        profile.user_groups.discard(user_group)

    def remove(self, group: Group) -> None:
        """Delete a user group with its admin group; the caller has ended the memberships in both."""
        self._changes.add()
        for profile in list(group.profiles):
            profile.user_groups.discard(group)
        for gone in (group, group.admins):
            if gone is not None:
                self.groups.discard(gone)
                del self._by_name[key(gone.name)]

    def admin_group_without_members(self, name: str) -> bool:
        """True when `name` would be an admin group of something that exists, but is no group itself."""
        lowered = key(name)
        for prefix in g.ADMIN_PREFIXES.values():
            subject = lowered.removeprefix(prefix)
            if subject != lowered and (subject in self._by_name or subject in self.products):
                return True
        return False

    def user_groups(self) -> Iterator[Group]:
        """The user groups, oldest first."""
        return (group for group in self.groups if group.kind == g.USER_GROUP)

    def profiles(self) -> Iterator[Group]:
        """The product profiles, oldest first."""
        return (group for group in self.groups if group.kind == g.PROFILE)

    def copied(self, changes: Changes) -> tuple[Catalog, dict[Group, Group]]:
        """The catalog as it is now, with groups in which nobody is yet, and which group stands for which."""
        twins = {
            group: attrs.evolve(group, members=Roster(), profiles=Roster(), user_groups=Roster())
            for group in self.groups
        }
        products = {
            product: attrs.evolve(product, admins=twins[product.admins], profiles=product.profiles.mapped(twins))
            for product in self.products.values()
        }
        for group, other in twins.items():
            other.profiles = group.profiles.mapped(twins)
            other.user_groups = group.user_groups.mapped(twins)
            other.product = products[group.product] if group.product is not None else None
            for role in ("subject", "admins", "developers"):
                related: Group | None = getattr(group, role)
                setattr(other, role, twins[related] if related is not None else None)
        catalog = copy.copy(self)
        catalog._changes = changes
        catalog.groups = self.groups.mapped(twins)
        catalog.products = {name: products[product] for name, product in self.products.items()}
        catalog._by_name = {name: twins[group] for name, group in self._by_name.items()}
        return catalog, twins

    def _group_id(self, given: int | None) -> int:
        if given is not None:
            self._next_group_id = max(self._next_group_id, given + 1)
            return given
        self._next_group_id += 1
        return self._next_group_id - 1

    def _add_group(self, group: Group) -> None:
        self._changes.add()
        self.groups.add(group)
        self._by_name[key(group.name)] = group

    def _add_admin_group(self, kind: str, subject: Group) -> Group:
        admins = Group(
            id=self._group_id(None),
            name=f"{g.ADMIN_PREFIXES[kind]}{subject.name}",
            kind=kind,
            subject=subject,
            product=subject.product,
        )
        self._add_group(admins)
        return admins
