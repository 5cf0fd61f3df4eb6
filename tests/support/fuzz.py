"""How many cases the generated tests of exact edits try, and the files that they try them on."""

import os
from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from gitcanary.manifests.text.values import Path

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "200"))
"""`make fuzz` sets it to tens of thousands."""

generated = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)

# Read as text by one kind of reader and as something else by another, or as text by none.
_ODD = """\
0644 0o644 1e3 1E3 yes no On y N 1:30 190:20:30 ~ null Null true 2026-11-22 2026-11-22T10:04:37Z 0x1F 0b11 1_000 1.5 .5
5. +7 -0 .inf .NaN = << 6.0.1 1.10 08 0_7 12e03 0x_1F 1__0 _1 1,000 +.5 0. - ? : -- --- ... #a a: :a [a] {a} a,b *a &a
!a | > %a @a `a ' \" it's \"q\" a\\b 😀 é v1 sha256:0a ${X} ghcr.io/acme/app:1.2@sha256:0a
"""
ODD_WORDS = (
    *_ODD.split(),
    *("", " ", "a ", " a", "a #b", "a: b", "a\tb", "a\nb", "a\x07", "a\x85b", "{{ x }}"),
    *("\ufeff", "\u2028", "\U000e0001", "\u0661", "\u200b"),
)

EDITABLE = ("plain", "single", "double", "alias")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One scalar of a generated file: where it stands, how it is written, and what it is not."""

    document: int
    path: Path
    start: int
    end: int
    kind: str
    merged: str = ""  # how a merge of what holds it would be written

    @property
    def is_editable(self) -> bool:
        return self.kind in EDITABLE


@dataclass(slots=True)
class Draft:
    """A file that is being generated: its text so far, and its leaves."""

    draw: st.DrawFn
    eol: str
    text: str = ""
    document: int = 0
    leaves: list[Leaf] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)
    maps: list[str] = field(default_factory=list)

    def pick(self, *choices: str) -> str:
        return self.draw(st.sampled_from(choices))

    def put(self, text: str) -> None:
        self.text += text.replace("\n", self.eol)

    def leaf(self, path: Path, kind: str, written: str, merged: str = "") -> None:
        start = len(self.text)
        self.put(written)
        self.leaves.append(Leaf(self.document, path, start, len(self.text), kind, merged))

    def scalar(self, path: Path, indent: int, *, in_flow: bool) -> None:  # noqa: C901, PLR0912 - a case for each way
        """Write one scalar in any of the ways that YAML has for it."""
        number = self.draw(st.integers(0, 1000))
        kinds = ["plain", "plain", "single", "double", "anchor", "tag", "template", "null", "bool", "lines", "odd"]
        kinds += ["alias"] if self.anchors else []
        kinds += [] if in_flow else ["block"]
        margin = "\n" + " " * (indent + 1)
        match self.pick(*kinds):
            case "plain" if self.draw(st.booleans()):
                self.leaf(path, "plain", str(number))
            case "plain":
                self.leaf(path, "plain", self.pick("v1", "a-b/c.d", "é😀", "6.0.1", "sha256:0a"))
            case "single":
                self.leaf(path, "single", self.pick("'v1'", "'it''s'", "'5'", "'# no'", "''", "'{a: b}'"))
            case "double":
                self.leaf(path, "double", self.pick('"v1"', '"\\u0061\\n"', '"5"', '"# no"', '""', '"\\""'))
            case "anchor":
                name = f"a{len(self.text)}"
                self.leaf(path, "anchor", f"&{name} {number}")
                self.anchors.append(name)
            case "alias":
                self.leaf(path, "alias", f"*{self.draw(st.sampled_from(self.anchors))}")
                self.put(" ")
            case "tag":
                self.leaf(path, "tag", self.pick("!!str v", "!!int 5", '! "v"', "!!str 5", "!!float 5"))
            case "template":
                self.leaf(path, "template", self.pick("'{{ x }}'", '"${X}"', "'a{{x}}b'"))
            case "null":
                self.leaf(path, "null", self.pick("~", "null", "Null"))
            case "bool":
                self.leaf(path, "bool", self.pick("true", "no", "On"))
            case "odd":
                self.leaf(path, "odd", self.pick("0644", "1e3", "1:30", "2026-11-22", "0x1F", "1_000", "1.5", "08"))
            case "lines":
                self.leaf(path, "lines", self.pick(f"'a{margin}b'", f'"a{margin}{margin}b"', f"a{margin}b"))
            case _:
                style = self.pick("|", ">", "|-", ">+", "|2")
                inner = " " * (indent + 2)
                self.leaf(path, "block", f"{style}\n{inner}weight: 5\n{inner}# no comment")

    def space(self) -> str:
        return self.pick(" ", "   ", " \t")

    def end(self) -> None:
        """End a line, perhaps with a comment, which no block scalar may have before its end."""
        is_block = bool(self.leaves) and self.leaves[-1].kind == "block" and self.leaves[-1].end == len(self.text)
        self.put("\n" if is_block else self.pick("\n", "\n", " # c: 5\n", "  # 😀 'x\"\n", "\t# t\n", " \n", "\n\n"))

    def flow(self, path: Path, depth: int) -> None:
        is_map = self.draw(st.booleans())
        self.put("{" if is_map else "[")
        for index in range(self.draw(st.integers(0, 3))):
            self.put(", " if index else self.pick("", " "))
            if is_map:
                self.put(self.pick(f"f{index}: ", f'"f{index}": ', f"? f{index} : "))
            below = (*path, f"f{index}" if is_map else index)
            if depth and self.draw(st.booleans()):
                self.flow(below, depth - 1)
            else:
                self.scalar(below, 8, in_flow=True)
                self.put(" ")
        self.put("}" if is_map else "]")

    def mapping(self, path: Path, indent: int, depth: int) -> None:
        """Write a mapping in block style, its first key where the text stands."""
        names = [f"k{index}" for index in range(self.draw(st.integers(1, 3)))]
        for index, name in enumerate(names):
            self.put(" " * indent if index else "")
            below = (*path, name)
            if self.draw(st.integers(0, 6)) == 0:
                self.put(f"? {name}\n{' ' * indent}")
                name = ""  # noqa: PLW2901 - the key stands on its own line
            self.put(f"{name}:" if self.draw(st.booleans()) or not name else f'"{name}" :')
            self.child(below, indent, depth)
        if self.maps and self.draw(st.booleans()):
            self.put(f"{' ' * indent}<<: *{self.draw(st.sampled_from(self.maps))}\n")

    def child(self, path: Path, indent: int, depth: int) -> None:
        """Write what stands after a key's colon."""
        match self.pick("scalar", "scalar", "flow", "shared", *(["mapping", "list"] if depth else [])):
            case "scalar":
                self.put(self.space())
                self.scalar(path, indent, in_flow=False)
                self.end()
            case "flow":
                self.put(self.space())
                self.flow(path, 1)
                self.end()
            case "shared":
                name = f"m{len(self.text)}"
                self.put(f" &{name} {{shared: ")
                self.leaf((*path, "shared"), "shared", "5", f"<<: *{name}\n")
                self.put("}\n")
                self.maps.append(name)
            case "mapping":
                self.end()
                inner = indent + self.draw(st.integers(1, 4))
                self.put(" " * inner)
                self.mapping(path, inner, depth - 1)
            case _:
                self.end()
                self.list(path, indent + self.draw(st.integers(0, 2)), depth - 1)

    def list(self, path: Path, indent: int, depth: int) -> None:
        for index in range(self.draw(st.integers(1, 3))):
            dash = self.pick("- ", "-   ")
            self.put(" " * indent + dash)
            if depth and self.draw(st.booleans()):
                self.mapping((*path, index), indent + len(dash), depth - 1)
            else:
                self.scalar((*path, index), indent + 1, in_flow=False)
                self.end()


@st.composite
def files(draw: st.DrawFn) -> tuple[str, str, list[Leaf]]:
    """Return a byte order mark or nothing, the text after it, and its leaves."""
    draft = Draft(draw, draft_eol := draw(st.sampled_from(["\n", "\r\n"])))
    for document in range(draw(st.integers(1, 3))):
        draft.document = document
        draft.anchors, draft.maps = [], []
        draft.put("---\n" if document else draft.pick("", "---\n", "# head: 5\n---\n", "%YAML 1.1\n---\n"))
        draft.mapping((), 0, 3)
    if draw(st.booleans()):
        draft.text = draft.text.removesuffix(draft_eol)
    return draw(st.sampled_from(["", "\ufeff"])), draft.text, draft.leaves
