"""Files that somebody wrote who means no good: each in a folder of its own, and what has to be said about it."""

from collections.abc import Callable
from dataclasses import dataclass

from support.apps import without_autoscaler

Files = dict[str, str | bytes]
FOLDER = "apps/evil"
CANARY = f"{FOLDER}/canary.yaml"


@dataclass(frozen=True)
class Case:
    """What is added to a sound canary's folder, or put in a file's place, and the beginning of what is said."""

    change: Callable[[Files], Files]
    said: str
    folder: str = FOLDER


def sound(folder: str = FOLDER) -> Files:
    """Return a canary that would be taken on, with names of its own."""
    files = without_autoscaler(folder)
    own = {"name: podinfo": "name: evil", "app: podinfo": "app: evil", "app.example.com": "evil.example.com"}
    for old, new in own.items():
        files = {path: text.replace(old, new) for path, text in files.items()}
    return dict(files)


def line_of(text: str) -> int:
    """Return the line of the sound canary on which a text stands."""
    canary = str(sound()[CANARY])
    return canary[: canary.index(text)].count("\n") + 1


def canary(change: Callable[[str], str | bytes]) -> Callable[[Files], Files]:
    return lambda files: {**files, CANARY: change(str(files[CANARY]))}


def replaced(old: str, new: str) -> Callable[[Files], Files]:
    return canary(lambda text: text.replace(old, new, 1))


def beside(name: str, content: str | bytes) -> Callable[[Files], Files]:
    return lambda files: {**files, f"{FOLDER}/{name}": content}


def many(text: str) -> str:
    hook = "    - {{name: load-{0}, type: rollout, url: 'http://example.com/{0}'}}\n"
    return text.partition("    webhooks:\n")[0] + "    webhooks:\n" + "".join(map(hook.format, range(5000)))


BOMB = "\n".join(["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40))])
LAST = len(str(sound()[CANARY]).splitlines()) + 1
STEP = line_of("stepWeight:")
INTERVAL = line_of("interval: 1m")
HOOKS = line_of("webhooks:")
NO_PRIMARY = f"{FOLDER}/evil.primary.yaml: error: file: found no primary, though it was onboarded"
CASES = {
    "5 MB": Case(canary(lambda text: text + "#" * 5_000_000), f"{CANARY}: error: 5"),
    "nested": Case(canary(lambda text: text + "x: " + "[" * 60_000), f"{CANARY}:{LAST}: error: "),
    "alias bomb": Case(canary(lambda text: text + BOMB), f"{CANARY}:{LAST + 1}: error: aliases that grow"),
    "a key twice": Case(
        replaced("    stepWeight: 10\n", "    stepWeight: 10\n    stepWeight: 10\n"),
        f"{CANARY}:{STEP + 1}: error: key 'stepWeight' a second time",
    ),
    "tabs": Case(canary(lambda text: text + "\tx: 1\n"), f"{CANARY}:{LAST}: error: "),
    "Latin-1": Case(canary(lambda text: text.encode() + b"# caf\xe9\n"), f"{CANARY}:{LAST}: error: not UTF-8"),
    "UTF-16": Case(canary(lambda text: text.encode("utf-16") + b"Canary"), f"{CANARY}:1: error: not UTF-8"),
    "NUL": Case(canary(lambda text: text + "x: \0\n"), f"{CANARY}:{LAST}: error: "),
    "an escape as it is": Case(canary(lambda text: text + "x: '\x1b[31m'\n"), f"{CANARY}:{LAST}: error: "),
    "an escape in a name": Case(
        replaced("name: load-test", 'name: "\\e[31m\\nerror: all is well"'),
        f"{CANARY}:{line_of('name: load-test')}: error: spec.analysis.webhooks[1].name: found '\\x1b[31m\\nerror",
    ),
    "an escape as a field": Case(
        replaced("    stepWeight: 10\n", '    stepWeight: 10\n    "\\e[2J\\n": 1\n'),
        f"{CANARY}:{STEP + 1}: error: spec.analysis[\\x1b[2J\\n]: found an unknown field",
    ),
    "10,000 documents": Case(
        canary(lambda text: text + "---\na: 1\n" * 10_000 + "---\n- \tb: [\n"), f"{CANARY}:{LAST + 20_001}: error: "
    ),
    "500 Canaries": Case(
        canary(lambda text: (text + "---\n") * 500),
        f"{CANARY}:{line_of('name: evil')}: error: metadata.name: found the",
    ),
    "500 broken Canaries": Case(
        canary(lambda text: (text.replace("stepWeight: 10", "stepWeight: 0") + "---\n") * 500),
        f"{CANARY}:{STEP}: error: spec.analysis.stepWeight: found 0; allowed: at least 1",
    ),
    "5,000 webhooks": Case(canary(many), f"{CANARY}:{HOOKS}: error: spec.analysis.webhooks: found a list; allowed: at"),
    "an endless interval": Case(
        replaced("interval: 1m", "interval: 1e99h"),
        f"{CANARY}:{INTERVAL}: error: spec.analysis.interval: found '1e99h'",
    ),
    "a huge step": Case(
        replaced("stepWeight: 10", "stepWeight: 99999999999"),
        f"{CANARY}:{STEP}: error: spec.analysis.stepWeight: found 99999999999; allowed: at most 100",
    ),
    "a step of 5,000 digits": Case(
        replaced("stepWeight: 10", f"stepWeight: {'9' * 5000}"), f"{CANARY}:{STEP}: error: spec.analysis.stepWeight: f"
    ),
    "a negative step": Case(
        replaced("stepWeight: 10", "stepWeight: -10"),
        f"{CANARY}:{STEP}: error: spec.analysis.stepWeight: found -10; allowed: at least 1",
    ),
    "a record that is none": Case(beside("evil.rollout", "\0"), NO_PRIMARY),
    "a record of another version": Case(beside("evil.rollout", "version: 99\n"), NO_PRIMARY),
    "a bomb beside it": Case(
        beside("kustomization.yaml", BOMB + "\n"),
        f"{FOLDER}/kustomization.yaml:11: error: kustomization: found aliases",
    ),
    "a kustomization of elsewhere": Case(
        beside("kustomization.yaml", "resources:\n- deployment.yaml\n- https://example.com/all\n"),
        f"{FOLDER}/kustomization.yaml:3: error: resources.1: found 'https://example.com/all'; allowed: files and",
    ),
    "a folder in place of a file": Case(
        beside("evil.primary.yaml/README.md", "x"),
        f"{FOLDER}/evil.primary.yaml: error: file: found a symlink, submodule",
    ),
    "a path of two lines": Case(
        lambda files: {path.replace(FOLDER, "apps/e\nerror: \x1b[31m"): text for path, text in files.items()},
        "apps/e\\nerror: \\x1b[31m/canary.yaml:1: error: the path of a Canary is one line",
        "apps/e\nerror: \x1b[31m",
    ),
    "a path that a CI acts on": Case(
        lambda files: {path.replace(FOLDER, "apps/[skip ci]"): text for path, text in files.items()},
        "apps/[skip ci]/canary.yaml:1: error: the path of a Canary is one line",
        "apps/[skip ci]",
    ),
}


def crowd() -> Files:
    """Return ten thousand files beside a sound canary."""
    return {**sound(), **{f"{FOLDER}/{number}.yaml": "kind: List\n" for number in range(10_000)}}
