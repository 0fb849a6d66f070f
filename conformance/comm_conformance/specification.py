"""The requirements, parsed from the text of spec/."""
import hashlib
import re
from dataclasses import dataclass, field

from .base import SPEC

_BLOCK = re.compile(r"^\*\*\[([A-Z]{3}-\d{3})\]\*\* \(([A-Z ]+) · ([a-z]+) · ([a-z]+)\)", re.M)
_ID = re.compile(r"[A-Z]{3}-\d{3}")


@dataclass(frozen=True)
class Requirement:
    id: str
    keyword: str
    role: str
    observed: str
    text: str
    file: str
    twins: tuple = field(default=())

    @property
    def digest(self):
        return hashlib.sha256(self.text.encode()).hexdigest()[:12]

    @property
    def level(self):
        return {"MUST NOT": "MUST", "SHOULD NOT": "SHOULD"}.get(self.keyword, self.keyword)


def requirements():
    for path in sorted(SPEC.glob("[0-9]*.md")):
        text = path.read_text()
        for match in _BLOCK.finditer(text):
            end = text.find("\n\n", match.start())
            block = " ".join(text[match.start():end if end >= 0 else None].split())
            twins = tuple(_ID.findall(" ".join(re.findall(r"\{twin: ([^}]*)\}", block))))
            yield Requirement(*match.groups(), block[block.index(") ") + 2:], path.name, twins)


def by_id():
    return {requirement.id: requirement for requirement in requirements()}


def complaints():
    """Doubled ids, twins that do not exist, keywords twice or outside requirements."""
    seen = {}
    for requirement in requirements():
        if requirement.id in seen:
            yield requirement.id, "is defined twice"
        seen[requirement.id] = requirement
        if requirement.level not in requirement.text:
            yield requirement.id, f"does not say {requirement.level}"
        if requirement.observed == "none" and "{excluded:" not in requirement.text:
            yield requirement.id, "is not observable and gives no reason"
    for requirement in seen.values():
        for twin in requirement.twins:
            if twin not in seen:
                yield requirement.id, f"names the twin {twin}, which does not exist"
