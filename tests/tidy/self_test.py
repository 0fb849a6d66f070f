"""Feeds every rule of tidy.py a snippet that breaks it and one that does not."""
import limits_check
import tidy

H = "// What it is.\n#pragma once\n"
LONG_FUNCTION = "int f() {\n" + "  g();\n" * 80 + "}\n"
MARKER = "TO" + "DO"

# rule, path, text that must be objected to, text that must not
CASES = [
    ("room", "proto/base/a.cc", '#include "proto/wire/packet.h"\n', '#include "proto/base/bytes.h"\n'),
    ("room", "proto/wire/a.cc", '#include "proto/seal/hash.h"\n', '#include "proto/base/ids.h"\n'),
    ("room", "proto/seal/a.cc", '#include "relay_store/store_op.h"\n', '#include "proto/wire/packet.h"\n'),
    ("room", "node/core/a.cc", '#include "relay_store/store.h"\n', '#include "relay_store/store_op.h"\n'),
    ("room", "node/core/a.cc", '#include "node/agent/agent.h"\n', '#include "proto/seal/hash.h"\n'),
    ("room", "node/agent/a.cc", '#include "node/shell/runtime.h"\n', '#include "relay_store/store.h"\n'),
    ("room", "node/agent/a.cc", '#include "relay_store/committer.h"\n', '#include "node/core/event.h"\n'),
    ("room", "client_tui/model/a.cc", '#include "node/shell/runtime.h"\n', '#include "node/agent/agent.h"\n'),
    ("room", "client_tui/shell/a.cc", '#include "relay_store/store.h"\n', '#include "node/shell/runtime.h"\n'),
    ("room", "tests/sim/a.cc", '#include "node/shell/runtime.h"\n', '#include "node/agent/driver.h"\n'),
    ("room", "conformance/a.cc", '#include "proto/base/ids.h"\n', "#include <vector>\n"),
    ("room", "node/core/a.cc", "#include <sodium.h>\n", "#include <map>\n"),
    ("room", "proto/seal/a.cc", '#include "proto/schema/comm.pb.h"\n', "#include <sodium.h>\n"),
    ("room", "relay_store/kv_store.cc", "#include <leveldb/db.h>\n", "#include <map>\n"),
    ("room", "node/agent/a.cc", "#include <zmq.hpp>\n", "#include <map>\n"),
    ("room", "client_tui/view/a.cc", "#include <ncurses.h>\n", "#include <utf8proc.h>\n"),
    ("pure", "node/core/a.cc", "#include <chrono>\n", "// #include <chrono>\n"),
    ("pure", "proto/wire/a.cc", "#include <thread>\n", "#include <string>\n"),
    ("pure", "node/agent/a.cc", "#include <sys/stat.h>\n", "#include <algorithm>\n"),
    ("include-path", "node/core/a.cc", '#include "../core/event.h"\n', '#include "node/core/event.h"\n'),
    ("include-path", "node/core/a.cc", '#include "node/core/no_such_file.h"\n', '#include "node/core/event.h"\n'),
    ("banned", "node/shell/a.cc", "std::random_device d;\n", "// std::random_device\n"),
    ("banned", "tests/sim/a.cc", "std::shuffle(a, b, c);\n", "random.shuffle(items);\n"),
    ("banned", "tests/sim/a.cc", "std::uniform_int_distribution<int> d;\n", 'say("std::uniform_int_distribution");\n'),
    ("banned", "node/core/a.cc", "auto t = std::chrono::system_clock::now();\n", "auto t = now.wall;\n"),
    ("banned", "node/agent/a.cc", "auto t = time(nullptr);\n", "auto t = time(now);\n"),
    ("banned", "node/core/a.cc", "throw 1;\n", 'note("throw");\n'),
    ("banned", "relay_store/a.cc", "assert(x);\n", "static_assert(sizeof(int) == 4);\n"),
    ("banned", "node/main/a.cc", "int x = rand();\n", "int x = operand();\n"),
    ("banned", "node/core/a.cc", "std::map<Peer*, int> peers;\n", "std::map<NodeId, Peer*> peers;\n"),
    ("banned", "node/core/a.cc", "double share = 0.5;\n", "std::uint64_t share = 5;\n"),
    ("unordered", "node/core/a.cc", "std::unordered_map<int, int> m_;\nvoid f() { for (auto& x : m_) g(x); }\n",
     "std::unordered_map<int, int> m_;\nvoid f() { g(m_.find(1)); }\n"),
    ("unordered", "tests/sim/a.cc", "std::unordered_set<int> m;\nauto i = m.begin();\n",
     "std::set<int> m;\nauto i = m.begin();\n"),
    ("leftover", "node/core/a.cc", f"// {MARKER} later\n", "// later\n"),
    ("leftover", "tests/a.py", "# see /work" + "/shared/notes\n", "# see the notes\n"),
    ("leftover", "node/core/a.cc", "<<<<<<< HEAD\n", "a <<= 1;\n"),
    ("header", "node/core/a.h", "#pragma once\n", H),
    ("header", "node/core/a.h", "// What it is.\n", H),
    ("size", "node/core/a.cc", "int x;\n" * 501, "int x;\n" * 499),
    ("size", "node/core/a.cc", LONG_FUNCTION, "namespace comm {\n" + "int f() { return 1; }\n" * 90 + "}\n"),
    ("size", "node/core/a.cc", "struct S {\n  int f() const {\n" + "    g();\n" * 80 + "  }\n};\n",
     "struct S {\n" + "  int a;\n" * 90 + "};\n"),
]


def rules_of(path, text, ratchet=None):
    def exists(header):
        return header.endswith(".pb.h") or (tidy.ROOT / header).is_file()

    found = tidy.check_source(path, text, exists, ratchet or {}, tidy.blank_out(text))
    return {rule for rule, *_ in found}


def run():
    passed, failed = 0, 0

    def expect(holds, what):
        nonlocal passed, failed
        if holds:
            passed += 1
        else:
            failed += 1
            print(f"self-test: {what}")

    for rule, path, bad, good in CASES:
        expect(rule in rules_of(path, bad), f"[{rule}] did not object to {bad[:60]!r} in {path}")
        expect(rule not in rules_of(path, good), f"[{rule}] objected to {good[:60]!r} in {path}")

    # The ratchet: a tolerated size may not grow, nor may anything pass the hard limit.
    file_550 = "int x;\n" * 550
    expect("size" not in rules_of("node/core/a.cc", file_550, {"node/core/a.cc": 550}), "ratchet refused its own size")
    expect("size" in rules_of("node/core/a.cc", file_550, {"node/core/a.cc": 549}), "ratchet let a file grow")
    expect("size" in rules_of("node/core/a.cc", "int x;\n" * 601, {"node/core/a.cc": 700}), "hard limit passed")
    expect("size" in rules_of("node/core/a.cc", "int x;\n", {"node/core/a.cc": 550}), "stale ratchet line kept")

    enum = "enum ExitCode : int {\n kExitOk = 0, kExitIo = 74\n};"
    expect(list(tidy.check_exit_codes(enum, "| 0 | ok |\n")), "a missing exit code went unnoticed")
    expect(not list(tidy.check_exit_codes(enum, "| 0 | ok |\n| 74 | I/O |\n")), "documented exit codes were refused")

    time = "inline constexpr Millis kSecond = 1000, kMinute = 60 * kSecond;"
    limits = ("inline constexpr std::size_t kMaxThing = 98'304;\ninline constexpr std::uint64_t kQuota = "
              "std::uint64_t{1} << 30;\ninline constexpr Millis kWait = 2 * kMinute;\n"
              "inline constexpr std::array<std::size_t, 2> kClassBytes{1'024, 4'096};\n")
    good = "[a]\nmax_thing = 98304\nquota = 1073741824\nwait = {value = 120000, unit = 'ms'}\nclass_bytes = [1024, 4096]\n"
    compared, wrong = limits_check.compare_texts(time, limits, good)
    expect(compared == 4 and not wrong, f"limits: equal values were refused: {compared} {wrong}")
    for name, value in (("max_thing", "1"), ("quota", "5"), ("wait", "60"), ("class_bytes", "[1024]")):
        expect(limits_check.compare_texts(time, limits, f"{name} = {value}\n")[1], f"limits: {name} may differ")

    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0
