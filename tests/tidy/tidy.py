#!/usr/bin/python3
"""House rules that a machine can check: who may include whom, what pure rooms may use, sizes, leftovers, documents.

tidy.py               checks the tree; prints one line per finding and 'N checks passed, M failed'; exit 1 if any
tidy.py --self-test   proves that every rule can fail: each is fed a bad snippet and must object, a good one and must not
"""
import re
import sys
from pathlib import Path

import limits_check

ROOT = Path(__file__).resolve().parents[2]

# --- the room table (ARCHITECTURE.md, "Rooms") -----------------------------------------------------------------------
# room -> what of ours it may include, by prefix. A file belongs to the longest matching room. Own room always allowed.
ROOMS = {
    "proto/base": [],
    "proto/wire": ["proto/base", "proto/schema"],
    "proto/seal": ["proto/base", "proto/wire"],
    "relay_store": ["proto/base", "proto/wire"],
    "node/core": ["proto/base", "proto/wire", "proto/seal", "relay_store/store_op.h"],
    "node/agent": ["proto/base", "proto/wire", "proto/seal", "node/core", "relay_store/store_op.h",
                   "relay_store/store.h"],
    "node/shell": ["proto/base", "proto/wire", "proto/seal", "node/core", "node/agent", "relay_store"],
    "node/main": ["proto/base", "proto/wire", "proto/seal", "node", "relay_store", "client_tui"],
    "client_tui/model": ["proto/base", "proto/wire/content.h", "proto/seal/words.h", "node/core", "node/agent"],
    "client_tui/view": ["proto/base", "proto/wire/content.h", "proto/seal/words.h", "node/core", "node/agent", "client_tui/model"],
    "client_tui/shell": ["proto/base", "proto/wire", "proto/seal", "node/core", "node/agent", "node/shell/runtime.h",
                         "client_tui"],
    "tests/sim": ["proto/base", "proto/wire", "proto/seal", "node/core", "node/agent", "relay_store"],
    "tests/property": ["proto/base", "proto/wire", "proto/seal", "node/core", "node/agent", "relay_store", "tests"],
    "tests": ["proto", "relay_store", "node", "client_tui", "tests"],
    "conformance": [],
}
PURE = ("proto/", "node/core/", "node/agent/", "client_tui/model/", "client_tui/view/")
INTEGER_ONLY = ("proto/", "node/core/", "node/agent/", "relay_store/", "tests/sim/")
DETERMINISTIC = PURE + ("tests/sim/", "relay_store/")

# library header -> (who may include it, said in words)
LIBRARIES = [
    (r"sodium", r"proto/seal/|tests/", "libsodium is used by proto/seal only"),
    (r"google/protobuf|.*\.pb\.h", r"proto/wire/|tests/", "protobuf is used by proto/wire only"),
    (r"leveldb/", r"relay_store/level[a-z_]*\.(cc|h)|tests/", "LevelDB is used by relay_store/level* only"),
    (r"zmq", r"node/shell/|tests/", "ZeroMQ is used by node/shell only"),
    (r"(ncursesw?/)?n?curses", r"client_tui/shell/", "curses is used by client_tui/shell only"),
    (r"CLI/", r"node/main/|tests/sim/command_line.h", "CLI11 is used by node/main and the simulator's command lines only"),
    (r"nlohmann/", r"node/main/|node/shell/|client_tui/shell/|tests/", "JSON is the programs' business"),
    (r"toml", r"node/main/|node/shell/|tests/", "configuration is the programs' business"),
    (r"utf8proc", r"client_tui/|tests/", "utf8proc is used by client_tui only"),
    (r"qrcodegen/", r"client_tui/view/|tests/", "qrcodegen is used by client_tui/view only"),
    (r"boost/test/", r"tests/", "Boost.Test is used by tests only"),
]
# Pure rooms: time, randomness, threads and files come in from outside.
IMPURE_HEADERS = {
    "thread": "the reactor", "mutex": "the reactor", "shared_mutex": "the reactor", "condition_variable": "the reactor",
    "future": "an event that brings the answer", "atomic": "the reactor", "stop_token": "the reactor",
    "fstream": "the store, or node/shell", "iostream": "a Note, or node/shell", "filesystem": "node/shell",
    "chrono": "TimePoint and Millis of proto/base/time.h", "ctime": "TimePoint of proto/base/time.h",
    "random": "RandomSource of proto/base/random.h",
    "unistd.h": "node/shell", "time.h": "TimePoint of proto/base/time.h", "fcntl.h": "node/shell",
}
PURE_EXCEPTIONS = {  # (file, header): why
    ("proto/seal/secret.cc", "sys/mman.h"): "locks memory",
    ("client_tui/view/format.cc", "chrono"): "calendar arithmetic; clocks are banned by name",
}
# pattern, where it is banned (regex of paths), instead of it
EVERYWHERE = r".*"
PURE_PATHS = "|".join(re.escape(p) for p in PURE)
DETERMINISTIC_PATHS = "|".join(re.escape(p) for p in DETERMINISTIC)
# The committer is a thread of the shell's; the simulation measures its own speed, which is not in the trace.
CLOCKLESS_PATHS = r"(?!relay_store/committer|tests/sim/simulation\.cc)(" + DETERMINISTIC_PATHS + ")"
BANNED = [
    (r"std::random_device", EVERYWHERE, "OsRandom of proto/seal/os_random.h"),
    (r"std::mt19937|std::minstd_rand|std::default_random_engine", EVERYWHERE, "Prng of proto/base/random.h"),
    (r"std::(ranges::)?shuffle\b", EVERYWHERE, "RandomSource::shuffle: std::shuffle differs between libraries"),
    (r"std::\w+_distribution\b", EVERYWHERE, "RandomSource::below: distributions differ between libraries"),
    (r"\b(system|steady|high_resolution)_clock\b", CLOCKLESS_PATHS, "TimePoint: time comes in from outside"),
    (r"\b(clock_gettime|gettimeofday|time)\s*\(\s*(NULL|nullptr|0|CLOCK_\w+)", CLOCKLESS_PATHS,
     "TimePoint: time comes in from outside"),
    (r"\bthrow\b", PURE_PATHS, "Result<T> for input, CHECK for our own bugs"),
    (r"\btry\s*\{", PURE_PATHS, "Result<T>: nothing in pure rooms throws"),
    (r"\bassert\s*\(", EVERYWHERE, "CHECK: always on"),
    (r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok)\s*\(", EVERYWHERE, "std::string, snprintf"),
    (r"(?<![\w:.>])s?rand\s*\(", r"(?!node/shell/|tests/)", "RandomSource (node/shell alone seeds libzmq's counter)"),
    (r"using\s+namespace\s+std\b", EVERYWHERE, "names in full"),
    (r"\bgetenv\s*\(", r"(?!node/shell/|node/main/|client_tui/shell/|tests/)", "configuration, passed in"),
    (r"\bstd::(map|set)<[^<>,]*\*", DETERMINISTIC_PATHS, "a key that is a value: pointer order differs between runs"),
    (r"\b(float|double)\b", "|".join(re.escape(p) for p in INTEGER_ONLY), "integers: results must be equal everywhere"),
    (r"std::cout|std::cerr|\bprintf\s*\(|\bputs\s*\(|\bfopen\s*\(", PURE_PATHS,
     "a Note effect; the shell prints (stderr alone is allowed, just before abort)"),
]
# Written in pieces so that this file does not find itself.
LEFTOVERS = [("TO" + "DO"), ("FIX" + "ME"), ("XX" + "X"), ("HA" + "CK"), ("WI" + "P")]
FOREIGN_PATHS = re.compile("shared" + "/design|/work" + "/shared|\\.\\./sh" + "ared|/work" + "/main")

MAX_FILE_LINES, HARD_FILE_LINES, MAX_FUNCTION_LINES = 500, 600, 70
SOURCE_DIRS = ("proto", "relay_store", "node", "client_tui", "tests", "conformance")


class Finding(tuple):
    """(rule, path, line, sentence)"""

    def __str__(self):
        rule, path, line, sentence = self
        return f"{path}:{line}: [{rule}] {sentence}"


def blank_out(text, keep_strings=False):
    """The same text with comments (and the insides of literals) turned into spaces, line structure kept."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)

    def spaces(match):
        found = match.group(0)
        if found.startswith("/"):
            return re.sub(r"[^\n]", " ", found)
        if found.startswith("'") and match.start() and text[match.start() - 1].isalnum():
            return found  # digit separator, 1'000
        return found if keep_strings else found[0] + re.sub(r"[^\n]", " ", found[1:-1]) + found[-1]

    # Digit separators first, or 1'000'000 would look like a character literal.
    text = re.sub(r"(?<=[0-9a-fA-F])'(?=[0-9a-fA-F])", "_", text)
    return pattern.sub(spaces, text)


def room_of(path):
    matching = [room for room in ROOMS if path.startswith(room + "/")]
    return max(matching, key=len, default=None)


def check_includes(path, text, exists):
    room = room_of(path)
    pure = path.startswith(PURE)
    for number, line in enumerate(blank_out(text, keep_strings=True).split("\n"), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if not match:
            continue
        quoted, header = match.group(1) == '"', match.group(2)
        for library, allowed, words in LIBRARIES:
            if re.match(library, header) and not re.match(allowed, path):
                yield "room", number, f"includes {header}: {words}"
        if not quoted:
            instead = IMPURE_HEADERS.get(header) or ("node/shell" if header.startswith("sys/") else None)
            if pure and instead and (path, header) not in PURE_EXCEPTIONS:
                yield "pure", number, f"pure rooms do not include <{header}>; use {instead}"
            continue
        if path.startswith("tests/") and "/" not in header and exists(path.rsplit("/", 1)[0] + "/" + header):
            continue  # a test's own fixture
        if header.startswith(".") or not exists(header):
            yield "include-path", number, f'"{header}" is not a file of ours; includes are full paths from the root'
            continue
        if room is None or header.startswith(room + "/"):
            continue
        if not any(header == allowed or header.startswith(allowed.rstrip("/") + "/") for allowed in ROOMS[room]):
            yield "room", number, f"{room} does not include {header} (room table of ARCHITECTURE.md)"


def check_banned(path, text):
    code = blank_out(text).split("\n")
    for number, line in enumerate(code, 1):
        for pattern, where, instead in BANNED:
            found = re.match(where, path) and re.search(pattern, line)
            if found:
                yield "banned", number, f"{found.group(0).strip()}: use {instead}"


def check_unordered(path, text, declarations):
    """Iterating over an unordered container makes the order of effects depend on the library."""
    if not path.startswith(DETERMINISTIC):
        return
    names = set(re.findall(r"unordered_(?:multi)?(?:map|set)<[^;{}()]*>\s+(\w+)\s*[;{=]", declarations))
    code = blank_out(text).split("\n")
    for number, line in enumerate(code, 1):
        for name in names:
            if re.search(rf":\s*(?:\w+(?:\.|->))*{name}\s*\)", line) or re.search(rf"\b{name}\.(c?begin)\s*\(", line):
                yield "unordered", number, f"iterates over the unordered container {name}: use std::map, or sort first"


def check_leftovers(path, text):
    for number, line in enumerate(text.split("\n"), 1):
        for marker in LEFTOVERS:
            if re.search(rf"\b{marker}\b", line):
                yield "leftover", number, f"{marker}: finish it, or open an issue"
        if FOREIGN_PATHS.search(line):
            yield "leftover", number, "names a path outside the project"
        if line.startswith(("<<<<<<< ", ">>>>>>> ")):
            yield "leftover", number, "conflict marker"


def check_header_opening(path, text):
    if not path.endswith(".h"):
        return
    if not text.startswith("//"):
        yield "header", 1, "a header opens by saying what it is, who owns it, which thread, what bounds it"
    if "#pragma once" not in text:
        yield "header", 1, "#pragma once is missing"


def function_lengths(text):
    """(first line, lines) of every function body, found by braces: good enough for code formatted like ours."""
    code = blank_out(text)
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group(0)), code, flags=re.M)
    stack, start, line, opened = [], 0, 1, 0
    for position, char in enumerate(code):
        if char == "\n":
            line += 1
        elif char == "{":
            before = code[start:position]
            inside = "function" in stack
            scope = re.search(r"\b(namespace|class|struct|union|enum|extern)\b", re.sub(r"<[^<>]*>|\([^()]*\)", "", before))
            kind = "block" if inside else "scope" if scope else "function" if ")" in before else "block"
            if kind == "function":
                opened = line
            stack.append(kind)
            start = position + 1
        elif char == "}":
            if stack and stack.pop() == "function":
                yield opened, line - opened + 1
            start = position + 1
        elif char == ";" and "function" not in stack:
            start = position + 1


def check_sizes(path, text, ratchet):
    lines = text.count("\n")
    allowed = ratchet.get(path, MAX_FILE_LINES)
    if lines > min(allowed, HARD_FILE_LINES):
        yield "size", 1, f"{lines} lines; a file has at most {min(allowed, HARD_FILE_LINES)}"
    if path in ratchet and lines < allowed and lines <= MAX_FILE_LINES:
        yield "size", 1, f"has {lines} lines now: remove it from tests/tidy/ratchet.txt"
    if not path.endswith((".cc", ".h")):
        return
    allowed = ratchet.get(path + " function", MAX_FUNCTION_LINES)
    lengths = list(function_lengths(text))
    for first, length in lengths:
        if length > allowed:
            yield "size", first, f"a function of {length} lines; at most {allowed}"
    if path + " function" in ratchet and max((n for _, n in lengths), default=0) <= MAX_FUNCTION_LINES:
        yield "size", 1, "no long function any more: remove it from tests/tidy/ratchet.txt"


def check_exit_codes(runtime_header, readme):
    """Every exit code of the program stands in the README's table."""
    block = re.search(r"enum ExitCode[^{]*\{(.*?)\}", runtime_header, re.S)
    for name, code in re.findall(r"(kExit\w+)\s*=\s*(\d+)", block.group(1) if block else ""):
        if not re.search(rf"^\|\s*{code}\s*\|", readme, re.M):
            yield "documents", 1, f"exit code {code} ({name}) is not in the README's table"


def check_source(path, text, exists, ratchet, declarations):
    findings = []
    if path.endswith((".cc", ".h")):
        for rule in (check_includes(path, text, exists), check_banned(path, text),
                     check_unordered(path, text, declarations), check_header_opening(path, text)):
            findings += rule
    findings += check_sizes(path, text, ratchet)
    findings += check_leftovers(path, text)
    return [Finding((rule, path, line, sentence)) for rule, line, sentence in findings]


def load_ratchet():
    """Lines 'path N' or 'path function N': sizes that may shrink but not grow."""
    ratchet = {}
    for line in (ROOT / "tests/tidy/ratchet.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            key, size = line.rsplit(None, 1)
            ratchet[key] = int(size)
    return ratchet


def tree_files():
    skipped = {"build", ".git", "__pycache__", ".cache"}
    for path in sorted(ROOT.rglob("*")):
        relative = path.relative_to(ROOT)
        if path.is_file() and not skipped.intersection(relative.parts):
            yield relative.as_posix(), path


def check_tree():
    ratchet, findings, files = load_ratchet(), [], 0
    sized = (".cc", ".h", ".py", ".proto", ".cmake")
    texts = {}
    for name, path in tree_files():
        if path.suffix in sized + (".md", ".txt", ".toml", ".json", ".scd", ".sh") or name.startswith((".ci/", "Makefile")):
            if "/corpus/" in name or name.startswith(("conformance/vectors/", "tests/fuzz/corpus")):
                continue
            texts[name] = path.read_text(encoding="utf-8", errors="replace")
    folders = {}
    for name, text in texts.items():
        if name.endswith((".cc", ".h")):
            folder = name.rsplit("/", 1)[0]
            folders[folder] = folders.get(folder, "") + blank_out(text)

    def exists(header):
        return (ROOT / header).is_file() or (header.endswith(".pb.h") and (ROOT / header[:-5]).with_suffix(".proto").is_file())

    for name, text in texts.items():
        files += 1
        if name.startswith(SOURCE_DIRS) and name.endswith(sized):
            folder = name.rsplit("/", 1)[0]
            findings += check_source(name, text, exists, ratchet, folders.get(folder, ""))
        else:
            findings += [Finding((rule, name, line, said)) for rule, line, said in check_leftovers(name, text)]
    for key in ratchet:
        if key.removesuffix(" function") not in texts:
            findings.append(Finding(("size", "tests/tidy/ratchet.txt", 1, f"{key} does not exist")))
    if "README.md" in texts:
        findings += [Finding((rule, "README.md", line, said)) for rule, line, said in
                     check_exit_codes(texts["node/shell/runtime.h"], texts["README.md"])]
    compared, wrong = limits_check.compare(ROOT)
    findings += [Finding(("limits", "proto/base/limits.h", line, said)) for line, said in wrong]
    for finding in findings:
        print(finding)
    print(f"{files} files and {compared} limits checked, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        import self_test
        sys.exit(self_test.run())
    sys.exit(check_tree())
