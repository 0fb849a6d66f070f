"""The level of vectors: an implementation answers them on a pipe (adapter/PROTOCOL.md, vector mode)."""
import json
import shlex
import subprocess

from . import vectors


def ask(command, asked, patience=120):
    """{id: answer} of an implementation in vector mode; None when it cannot be used."""
    lines = "".join(json.dumps({key: vector[key] for key in ("id", "op", "input")}) + "\n" for vector in asked)
    try:
        done = subprocess.run([*shlex.split(command), "--vectors"], input=lines.encode(), capture_output=True,
                              timeout=patience, check=False)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        print(f"vector mode cannot be used: {error}")
        return None
    if not answers:
        print(f"vector mode cannot be used: no answer, exit code {done.returncode}: {done.stderr.decode(errors='replace')[-300:]}")
        return None
    return {answer.get("id"): answer for answer in answers}


def run_vectors(command, spec, conformant, failed, unusable, nothing):
    """(exit code, {vector: verdict}). Vectors that came after the edition are not asked."""
    asked = [v for v in vectors.all_vectors() if spec == "next" or v["since"] <= spec]
    canaries = list(vectors.all_vectors(canary=True))
    answers = ask(command, asked + canaries)
    if answers is None:
        return unusable, {}
    counts, verdicts = {"pass": 0, "warn": 0, "fail": 0, "unsupported": 0}, {}
    for vector in asked:
        verdict, note = vectors.agrees(vector, answers.get(vector["id"], {}))
        counts[verdict] += 1
        verdicts[vector["id"]] = verdict
        if verdict in ("fail", "warn"):
            print(f"{verdict.upper():4} {vector['id']} ({' '.join(vector['requirements'])}): {note}")
    for vector in canaries:
        if vectors.agrees(vector, answers.get(vector["id"], {}))[0] == "pass":
            print(f"FAIL {vector['id']}: a canary passed; the answers are not the implementation's own")
            counts["fail"] += 1
    print(f"{len(asked)} vectors: " + ", ".join(f"{name} {count}" for name, count in counts.items()))
    if counts["pass"] == 0:
        return nothing, verdicts
    return failed if counts["fail"] else conformant, verdicts
