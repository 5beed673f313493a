#!/usr/bin/python3
"""Runs the scenarios of tests/scenario/ against the real program: `tests/run.py [filter...]`.
A filter is a part of a scenario's path. The last line is "N passed, N failed".

INVAR is the program (build/dev/invar); SCENARIO_SECONDS the patience of a wait (60)."""
import os
import sys
import time
import traceback
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from harness import steps, text, wants, world  # noqa: E402

BINARY = Path(os.environ.get("INVAR", world.ROOT / "build/dev/invar"))


def play(w):
    """Does what the scenario says. Returns what was not as wanted."""
    do = list(text.numbered(w.section("do")))
    life = [line.split()[0] for _, line in do if line.split()[0] in ("start", "stop", "kill")]
    if life[:1] != ["start"]:
        ends_badly = w.section("want exit").strip() not in ("", "0")
        do[:0] = [(0, "start without waiting"), (0, "wait exit")] if ends_badly else [(0, "start")]
    for at, line in do:
        try:
            steps.perform(w, line)
        except world.Skipped as e:
            print(f"not played: {w.path.stem}: {e}", flush=True)
            return []
        except world.Failed as e:
            return [f"step {at}: {line}: {e}", *wants.check(w, False)]
    problems = []

    def settled():
        problems[:] = wants.check(w, False)
        return not problems
    try:
        w.wait("what is wanted", settled)
        w.stop_agent()
    except world.Failed as e:
        return [str(e), *problems]
    return wants.check(w, True) + wants.exit_status(w)


def run_one(path):
    """(ok, seconds, text to print when it failed)."""
    start = time.monotonic()
    w = None
    try:
        w = world.World(path, BINARY)
        problems = play(w)
        w.agent.kill()
        trouble = w.agent.trouble()
        if trouble:
            problems.append(trouble)
    except Exception:
        problems = [traceback.format_exc()]
    finally:
        if w:
            w.close()
    report = ""
    if problems:
        report = "\n".join("    " + x for p in problems for x in p.splitlines())
        if w:
            log = w.agent.log().splitlines()
            report += f"\n    the agent's log ({len(log)} lines), all in {w.folder.relative_to(world.ROOT)}:\n"
            report += "\n".join("      | " + x[:300] for x in log[-25:])
    return not problems, time.monotonic() - start, report


def main():
    filters = sys.argv[1:]
    paths = sorted((world.ROOT / "tests/scenario").rglob("*.txt"))
    if filters:
        paths = [p for p in paths if any(f in str(p.relative_to(world.ROOT)) for f in filters)]
    if not BINARY.exists():
        print(f"there is no {BINARY}: build it first (scripts/build dev)")
        print(f"0 passed, {len(paths)} failed")
        return 1
    failed = 0
    with ProcessPoolExecutor(max_workers=2 * (os.cpu_count() or 1)) as pool:
        running = {pool.submit(run_one, p): p for p in paths}
        for done in as_completed(running):
            ok, seconds, report = done.result()
            failed += not ok
            name = str(running[done].relative_to(world.ROOT / "tests/scenario").with_suffix(""))
            print(f"{'ok    ' if ok else 'FAILED'} {name} ({seconds:.1f} s)", flush=True)
            if not ok:
                print(report, flush=True)
    print(f"{len(paths) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
