"""A minimal cut set in one sentence: who, what, when and why, in at most twenty-five words and without ids. Owns that limit.

Names lose remarks in brackets and legal forms at once. While the sentence is too long, it loses "both", names lose what
follows a comma, then the longest name loses its last word, again and again: things before those who refuse, since nobody can
act on half a name of a landlord; and in the end the sentence loses its reason.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from freehold.measure.chokepoint_values import Group, Member
from freehold.measure.cut_reason import CutReason, Fallen
from freehold.report.sentences import capital
from freehold.stack.countries import country_name
from freehold.stack.shares import fill_shares
from freehold.stack.values import Stack
from freehold.words import day, language_locale, listed, percent, quoted, say, sentence

__all__ = ["MOST_WORDS", "Names", "count_words", "cut_sentence", "members_together"]

MOST_WORDS: Final = 25

_REMARK: Final = re.compile(r"\s*\([^)]*\)")
_LEGAL: Final = re.compile(
    r"(?:,?\s+(?:Inc|PBC|LLC|L\.L\.C|Ltd|Limited|Corporation|Corp|Company|Co|GmbH|mbH|AG|SE|KG|KGaA|e\.?K|S\.A|SA|S\.p\.A|SpA|N\.V|NV|"
    r"B\.V|BV|plc|PLC|AB|ASA|Oyj|A/S|Pte|Pty))\.?(?=[\s,]|$)",
)
_PURL: Final = re.compile(r"pkg:[^/]+/(?:[^@?#]*/)?([^@?#/]+).*")
_NO_WORDS: Final = re.compile(r"[-_:@/#?=&+]+")
_UNKNOWN_SOURCE: Final = re.compile(r"@\?+$")
"""What follows an item in the id of the unknown source that fills its shares: see :mod:`freehold.measure.members`."""
_WORD: Final = re.compile(r"[^\W_]+(?:['’.][^\W_]+)*")
_LINKING: Final = frozenset(
    ["of", "the", "and", "for", "that", "in", "a", "an", "from", "to", "who", "with", "by", "on", "at", "&", "its", "or"]
)
_NAMED: Final = 3
"""Members that are named; of more, the first two and a number."""


def count_words(text: str) -> int:
    """Words of a sentence; what is joined by a hyphen counts apart, a blank always parts."""
    return max(len(text.split()), len(_WORD.findall(text)))


def cut_sentence(reason: CutReason, members: Sequence[Member], stack: Stack) -> str:
    """Say who, what, when and why, in at most :data:`MOST_WORDS` words.

    Parameters
    ----------
    reason
        Why the set is fatal.
    members
        The set.
    stack
        Where names stand.
    """
    text = ""
    for told_why in (True, False):
        names = Names(stack)
        while True:
            text = _sentence(reason, members, names, told_why=told_why)
            if count_words(text) <= MOST_WORDS:
                return text
            if not names.shorten():
                break
    return text


def _sentence(reason: CutReason, members: Sequence[Member], names: Names, *, told_why: bool) -> str:
    who = members_together(members, names)
    sure = "" if reason.is_sure else "may_"
    if reason.how == "several":
        text = say(f"chokepoints.{sure}mission_falls", who=who, floor=percent(reason.floor), day=day(reason.day))
        why = _falls(reason.falls, names)
    else:
        item = reason.falls[0]
        assert item.day is not None
        for_good = "_for_good" if item.first_day is not None and item.first_day < item.day - 1e-9 else ""
        text = say(f"chokepoints.{sure}stops{for_good}", who=who, item=names.item(item.item), day=day(item.day))
        if abs(item.day - reason.day) > 0.05:
            text += say("chokepoints.mission_too", day=day(reason.day))
        why = _why(reason, members, names)
    return capital(sentence(text + (say("chokepoints.because", why=why) if told_why else "")))


def _falls(falls: Sequence[Fallen], names: Names) -> str:
    """What becomes of the heaviest two of what is asked about."""
    shown = falls[:2]
    if len(shown) == 2 and None not in {one.day for one in shown}:
        first, second = (names.item(one.item) for one in shown)
        return say("chokepoints.fall_both", first=first, second=second)
    told = [
        say("chokepoints.falls_to", item=names.item(one.item), level=percent(one.level))
        if one.day is None
        else say("chokepoints.falls", item=names.item(one.item))
        for one in shown
    ]
    return say("chokepoints.and").join(told)


def _why(reason: CutReason, members: Sequence[Member], names: Names) -> str:
    where = reason.where or ""
    if reason.how == "needs":
        first, second = (names.item(need) for need in reason.needs[:2])
        more = len(reason.needs) - 1
        return say(f"chokepoints.why_needs_{'two' if more == 1 else 'more'}", first=first, second=second, more=more)
    if {names.item_of(member) for member in members} == {where}:
        whole = members[0].type == "item" or len(members) >= names.ways_to(where)
        return say(f"chokepoints.why_itself_{'one' if whole else 'part'}")
    if reason.is_choice:
        return say("chokepoints.why_choice")
    own = "_own" if where == reason.falls[0].item else ""
    return say(f"chokepoints.why_{reason.how}{own}", where=names.item(where))


_DOES: Final[dict[Group, str]] = {
    "provider": "refuse", "owner": "refuse", "country": "refuse", "item": "lost", "source": "lost", "leaf": "lost",
}  # fmt: skip


class Names:
    """Names of members and items, each as long as there is room for.

    Parameters
    ----------
    stack
        Where names stand.
    whole
        Whether names keep remarks and legal forms.
    """

    def __init__(self, stack: Stack, *, whole: bool = False) -> None:
        self.stack = stack
        self._whole = whole
        self._most: dict[str, int] = {}
        self._used: set[str] = set()
        self._things: set[str] = set()
        self._plain = False
        self.is_brief = False

    def shorten(self) -> bool:
        """Make the sentence shorter: without "both", then without what follows a comma, then the longest name by a word.

        Returns
        -------
        bool
            Whether that was possible.
        """
        if not self.is_brief:
            self.is_brief = True
            return True
        if not self._plain:
            self._plain = True
            return True
        kept = {name: self.short(name).split() for name in sorted(self._used)}
        weights = {
            name: (sum(word.casefold() not in _LINKING for word in words), name in self._things)
            for name, words in kept.items()
            if len(words) > 1
        }
        # one word that says something stays
        weights = {name: weight for name, weight in weights.items() if weight[0] > 1}
        if not weights:
            return False
        longest = max(weights, key=lambda name: weights[name])
        self._most[longest] = len(kept[longest]) - 1
        return True

    def ways_to(self, item: str) -> int:
        """Sources of an item that count, the unknown one of a gap among them."""
        return len(fill_shares(self.stack, self.stack.item_by_id[item]))

    def short(self, name: str) -> str:
        """A name as long as there is room for."""
        if self._whole:
            return name
        self._used.add(name)
        bare = _REMARK.sub("", name).strip() or name
        bare = _LEGAL.sub("", bare).strip(" ,&") or bare
        if self._plain:
            bare = bare.partition(",")[0].strip() or bare
        words = bare.split()
        most = self._most.get(name, len(words))
        if most >= len(words):
            return bare
        kept = words[:most]
        while len(kept) > 1 and kept[-1].casefold() in _LINKING:
            kept.pop()
        return " ".join(kept).rstrip(",;:'’") + "…"

    def item(self, id_: str) -> str:
        """An item's name, in quotation marks unless names are whole."""
        row = self.stack.item_by_id.get(id_)
        self._things.add(row.name if row is not None and row.name else _in_words(id_))
        if self._whole:
            return row.name if row is not None and row.name else id_
        return quoted(self.short(row.name if row is not None and row.name else _in_words(id_)))

    def provider(self, id_: str) -> str:
        """A provider's name."""
        row = self.stack.provider_by_id.get(id_)
        return self.short(row.name if row is not None and row.name else _in_words(id_))

    def item_of(self, member: Member) -> str | None:
        """The item that a member is, or is a source of."""
        if member.type in ("provider", "owner", "country"):
            return None
        if member.type == "item" or member.id in self.stack.item_by_id:
            return member.id
        source = self.stack.source_by_id.get(member.id)
        return _UNKNOWN_SOURCE.sub("", member.id) if source is None else source.item

    def member(self, member: Member) -> str:
        """A member's name."""
        if member.type in ("provider", "owner", "country"):
            if member.id == "?":
                return say(f"chokepoints.unknown_{member.type}")
            return self.provider(member.id) if member.type != "country" else self._country(member.id)
        return say("chokepoints.and").join(self._items([member]))

    def _country(self, code: str) -> str:
        name = self.short(country_name(code, language_locale()))
        return say("chokepoints.the", name=name) if name in say("chokepoints.with_article").split("|") else name

    def members(self, members: Sequence[Member]) -> list[str]:
        """Names of several; sources of one item are told together."""
        if members[0].type in ("provider", "owner", "country"):
            return [self.member(member) for member in members]
        return self._items(members)

    def _items(self, members: Sequence[Member]) -> list[str]:
        found: dict[str, list[str]] = {}
        for member in members:
            item = self.item_of(member)
            assert item is not None
            found.setdefault(item, []).append(member.id)
        return [self._sources(item, ids) for item, ids in found.items()]

    def _sources(self, item: str, ids: Sequence[str]) -> str:
        name, ways = self.item(item), self.ways_to(item)
        if ids == [item] or ways == 1:
            return name
        if len(ids) >= ways:
            return say(f"chokepoints.sources_{'both' if ways == 2 else 'all'}", count=ways, item=name)
        providers = [self.stack.source_by_id[id_].provider if id_ in self.stack.source_by_id else None for id_ in ids]
        if len(set(map(str, providers))) < len(providers):
            return say("chokepoints.sources_many", count=len(providers), item=name)
        told = [
            say("chokepoints.self") if provider == "self"
            else self.provider(provider) if isinstance(provider, str)
            else say("chokepoints.unknown_provider")
            for provider in providers
        ]  # fmt: skip
        return say("chokepoints.source_of", item=name, provider=say("chokepoints.and").join(told))


def members_together(members: Sequence[Member], names: Names) -> str:
    """Members as the subject of a sentence, with what they do: "A and B both refuse"."""
    shown = names.members(members)
    if len(shown) > _NAMED:
        shown = [*shown[:2], say("chokepoints.more_members", count=len(shown) - 2)]
    told = say("chokepoints.and").join([listed(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
    # "both sources of 'power' are lost", but "'power' from Acme and Beta is lost"
    is_one = len(shown) == 1 and (len(members) == 1 or shown[0].startswith(quoted("")[0]))
    number = "one" if is_one else "many" if names.is_brief or len(shown) == 1 else "two" if len(members) == 2 else "all"
    return say(f"chokepoints.{_DOES[members[0].type]}_{number}", names=told)


def _in_words(id_: str) -> str:
    """An id as words, for what has no name."""
    return _NO_WORDS.sub(" ", _PURL.sub(r"\1", id_)).strip() or id_
