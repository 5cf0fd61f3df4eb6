"""The way from a document's root down to one node, and the refusal of every way that is not its own."""

from collections.abc import Iterator, Sequence

from gitcanary.errors import Unspliceable
from gitcanary.manifests.text.nodes import AliasNode, MappingNode, Node, SequenceNode, children, has_key
from gitcanary.manifests.text.values import Path, Place


def descend(roots: Sequence[Node], place: Place) -> Node:
    """Return the node at `place`, an alias unfollowed.

    Raises Unspliceable, with the line of the nearest parent, where nothing stands there, and where an edit would show
    in another place too: below an alias, inside what an alias repeats, or merged in by `<<`.
    """
    if place.document >= len(roots):
        raise Unspliceable(f"the file has no document {place.document + 1}")
    node = roots[place.document]
    shared = {id(alias.target) for alias in _aliases(node)}
    for depth, step in enumerate(place.path):
        if isinstance(node, AliasNode) or id(node) in shared:
            raise Unspliceable(f"{spelt(place.path)} is shared through an alias", line=node.line)
        node = _below(node, step, place.path[: depth + 1])
    return node


def spelt(path: Path) -> str:
    """Return the path as a person writes it: `spec.http[0].route`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")


def _aliases(root: Node) -> Iterator[AliasNode]:
    pending = [root]
    while pending:
        node = pending.pop()
        if isinstance(node, AliasNode):
            yield node
        pending.extend(children(node))


def _below(node: Node, step: str | int, path: Path) -> Node:
    match node, step:
        case MappingNode(pairs=pairs), str():
            for key, value in pairs:
                if has_key(key, step):
                    return value
            if any(has_key(key, "<<") for key, _ in pairs):
                raise Unspliceable(f"{spelt(path)} is merged in by `<<`, or missing", line=node.line)
            raise Unspliceable(f"the key {step!r} is missing at {spelt(path)}", line=node.line)
        case SequenceNode(items=items), int() if 0 <= step < len(items):
            return items[step]
        case _:
            raise Unspliceable(f"{spelt(path)} is missing", line=node.line)
