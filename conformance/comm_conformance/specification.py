"""The requirements, parsed from the text of spec/."""
import functools
import hashlib
import json
import re
from dataclasses import dataclass, field

from .base import EDITION, SPEC

_BLOCK = re.compile(r"^\*\*\[([A-Z]{3}-\d{3})\]\*\* \(([A-Z ]+) · ([a-z]+) · ([a-z]+)\)", re.M)
_KEYWORD = re.compile(r"\b(?:MUST|SHOULD|SHALL|REQUIRED|RECOMMENDED|MAY|OPTIONAL)(?: NOT)?\b")
_ID = re.compile(r"[A-Z]{3}-\d{3}")
_ERROR = re.compile(r"`((?:frame|decode|schema|crypto|policy|state)/[^`]*?)(?:, (ignore|drop-message|count|statistics|disconnect))?`"
                    r"(?:, (ignore|drop-message|count|statistics|disconnect))?")
_SCOPE = re.compile(r"\b(ignore|drop-message|count|statistics|disconnect)\b")
INDEX = SPEC / "requirements.json"


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
    def errors(self):
        """[(stage/reason, scope or None)] that the text names."""
        last = _SCOPE.findall(self.text)  # several errors may share one scope, named after the last
        return [(error, inside or after or last[-1]) for error, inside, after in _ERROR.findall(self.text)]

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


@functools.cache
def registry_rows():
    """{stage/reason: its rules as named} of the table in 99-registry."""
    out = {}
    for row, rules in re.findall(r"^\| ((?:frame|decode|schema|crypto|policy|state)/[^|]*) \|[^|]*\| ([^|]*) \|",
                                 (SPEC / "99-registry.md").read_text(), re.M):
        stage, _, reasons = row.partition("/")
        out |= {f"{stage}/{reason.strip()}": rules for reason in reasons.split(",")}
    return out


def by_id():
    return {requirement.id: requirement for requirement in requirements()}


def misplaced_keywords(text):
    """Yields (where, complaint): a requirement says its keyword once, in the sentence, and nothing else says one."""
    for paragraph in text.split("\n\n"):
        paragraph = " ".join(paragraph.split())
        block, found = _BLOCK.match(paragraph), _KEYWORD.findall(paragraph)
        if block is None and found:
            yield paragraph[:60], f"says {found[0]} outside a requirement"
        elif block is not None and found != [block.group(2)] * 2:
            yield block.group(1), f"says {', '.join(found[1:]) or 'no keyword'}: one {block.group(2)} is meant"


def complaints():
    """Doubled ids, twins that do not exist, keywords missing, twice or outside requirements."""
    seen = {}
    for path in sorted(SPEC.glob("[0-9]*.md")):
        for where, text in misplaced_keywords(path.read_text()):
            yield f"{path.name}: {where}", text
    for requirement in requirements():
        if requirement.id in seen:
            yield requirement.id, "is defined twice"
        seen[requirement.id] = requirement
        for error, _ in requirement.errors:
            if "<" not in error and error not in registry_rows():
                yield requirement.id, f"names {error}, which is not in the registry"
        if requirement.observed == "none" and "{excluded:" not in requirement.text:
            yield requirement.id, "is not observable and gives no reason"
    for requirement in seen.values():
        for twin in requirement.twins:
            if twin not in seen:
                yield requirement.id, f"names the twin {twin}, which does not exist"
    if not (SPEC / "00-overview.md").read_text().startswith(f"# Comm protocol, version {EDITION}: overview\n"):
        yield "00-overview.md", f"has another version in its title than params.toml, {EDITION}"
    if not INDEX.exists() or INDEX.read_text() != index():
        yield INDEX.name, "is not what the text says: comm-conformance requirements --write"


def index():
    """spec/requirements.json, one requirement a line."""
    lines = [json.dumps({"id": r.id, "keyword": r.keyword, "role": r.role, "observed": r.observed, "file": r.file,
                         "twins": list(r.twins), "errors": [{"error": e, "scope": s} for e, s in r.errors],
                         "excluded": "{excluded:" in r.text, "sha256": r.digest, "text": r.text}, ensure_ascii=False)
             for r in requirements()]
    return f'{{"schema": "requirements-v1", "spec": "{EDITION}", "requirements": [\n' + ",\n".join(lines) + "\n]}\n"
