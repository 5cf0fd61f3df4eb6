"""Canaries as text, changes of that text, and reading them."""

from pathlib import Path

from gitcanary.errors import InvalidSpec, Problem
from gitcanary.manifests.schema import canary_file
from gitcanary.manifests.schema.canary_file import Canary
from gitcanary.manifests.text.documents import parse

FILE = "apps/podinfo/canary.yaml"
BLOB = "5d41402abc4b2a76b9719d911017c592ae1f9d3c"
SEED = Path(__file__).parents[2] / "examples" / "seed" / "canary.yaml"

VALID = """\
apiVersion: flagger.app/v1beta1
kind: Canary
metadata:
  name: podinfo
  namespace: test
spec:
  targetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: podinfo
  service:
    port: 9898
  analysis:
    interval: 1m
    threshold: 3
    stepWeight: 10
    metrics:
    - name: request-success-rate
      thresholdRange: {min: 99}
    webhooks:
    - name: load-test
      url: http://loadtester.test/
"""


def altered(*changes: tuple[str, str]) -> str:
    """Return the valid Canary with some of its text replaced."""
    text = VALID
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def read(text: str, namespace: str | None = None) -> Canary:
    """Read the first document of a text as a Canary."""
    return canary_file.read(parse(text.encode())[0], FILE, BLOB, namespace)


def problems(text: str, namespace: str | None = None) -> dict[str, Problem]:
    """Return what is wrong with a Canary, by field; empty if nothing is."""
    try:
        read(text, namespace)
    except InvalidSpec as refusal:
        return {problem.field: problem for problem in refusal.problems}
    return {}


HERE = "# here"  # marks the line that a problem names
WEBHOOK = "    - name: load-test\n      url: http://loadtester.test/\n"
METRIC = "    - name: request-success-rate\n      thresholdRange: {min: 99}\n"
A_RANGE = "thresholdRange: {min: 99}"


def line_of_mark(text: str) -> int:
    return text[: text.index(HERE)].count("\n") + 1


def spec(line: str) -> tuple[str, str]:
    """Return the change that adds a line to `spec`."""
    return "spec:\n", f"spec:\n  {line}  {HERE}\n"


def service(line: str) -> tuple[str, str]:
    """Return the change that adds a line to `spec.service`."""
    return "    port: 9898\n", f"    port: 9898\n    {line}  {HERE}\n"


def port(line: str) -> tuple[str, str]:
    """Return the change that puts a line in place of the service's port."""
    return "    port: 9898\n", f"    {line}  {HERE}\n"


def analysis(line: str) -> tuple[str, str]:
    """Return the change that adds a line to `spec.analysis`."""
    return "    threshold: 3\n", f"    threshold: 3\n    {line}  {HERE}\n"


def steps(*lines: str) -> tuple[str, str]:
    """Return the change that puts lines in place of `stepWeight`."""
    return "    stepWeight: 10\n", "".join(f"    {line}\n" for line in lines)


def metric(*lines: str) -> tuple[str, str]:
    """Return the change that puts a metric of these lines in place of the only one."""
    return METRIC, "    - " + "\n      ".join(lines) + "\n"


def webhook(line: str) -> tuple[str, str]:
    """Return the change that adds a line to the webhook."""
    return "    - name: load-test\n", f"    - name: load-test\n      {line}  {HERE}\n"


def url(address: str) -> tuple[str, str]:
    """Return the change of the webhook's address."""
    return "      url: http://loadtester.test/\n", f"      url: {address}  {HERE}\n"


def annotation(text: str) -> tuple[str, str]:
    """Return the change that adds the annotation with this text, on one line."""
    return "  namespace: test\n", f"  namespace: test\n  annotations:\n    gitcanary.dev/gitops: {text}  {HERE}\n"


def limit(number: str) -> tuple[str, str]:
    """Return the change that gives a metric this upper limit."""
    return METRIC, f"    - name: request-duration\n      thresholdRange: {{max: {number}}}  {HERE}\n"


def gitops(*lines: str) -> tuple[str, str]:
    """Return the change that adds the annotation as a block of these lines."""
    text = "".join(f"      {line}\n" for line in lines)
    return "  namespace: test\n", f"  namespace: test\n  annotations:\n    gitcanary.dev/gitops: |\n{text}"
