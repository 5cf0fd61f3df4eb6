"""Folders whose releases are declared: a Helm pair of values files, and Kustomize overlays with a source."""

from collections.abc import Mapping

from support.apps import AUTOSCALER, seed_canary

APP = "apps/podinfo"
WORKLOADS = ("test/podinfo", "test/podinfo-canary")

HELM = """\
release:
- canary: values-canary.yaml#image.tag
  primary: values-primary.yaml#image.tag
weights: {primary: routing/values.yaml#canary.weights.primary, canary: routing/values.yaml#canary.weights.canary}
"""

VALUES = """\
# values of podinfo, kept by the payments team\r
fullnameOverride: podinfo%s\r
image:\r
    repository: "ghcr.io/stefanprodan/podinfo"   # as ever\r
    tag:   '6.0.0'   # moved by gitcanary\r
    pullPolicy: IfNotPresent\r
emoji: "\U0001f680"\r
"""

ROUTING = """\
canary: {weights: {primary:   100, canary: 0  }}  # two numbers
timeouts: &t {a: 1s}
other: *t"""

KUSTOMIZE = """\
release:
- canary: canary/kustomization.yaml#images[name=ghcr.io/stefanprodan/podinfo].newTag
  primary: app/kustomization.yaml#images[name=ghcr.io/stefanprodan/podinfo].newTag
  source: release.yaml#tag
replicas: canary/kustomization.yaml#replicas[name=podinfo].count
"""

RELEASE = "# written by CI\ntag: 6.0.0\n"

APP_OVERLAY = """\
resources: [deployment.yaml, service.yaml]
images:
- name: ghcr.io/stefanprodan/podinfo
  newTag: 6.0.0  # what users get
"""

CANARY_OVERLAY = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - ../app
nameSuffix: -canary
labels:
  - pairs: {app: podinfo-canary}
    includeSelectors: true
replicas: [{name: podinfo, count: 2}]
images:
  - {name: other/image, newTag: "1"}
  - name: ghcr.io/stefanprodan/podinfo
    newTag: "6.0.0"
"""


def declaring(gitops: str, canary: str | None = None) -> str:
    """Return the seed's Canary, without its autoscaler, with what an annotation declares."""
    text = (seed_canary() if canary is None else canary).replace(AUTOSCALER, "")
    lines = "".join(f"      {line}\n" for line in gitops.splitlines())
    head = f"metadata:\n  annotations:\n    gitcanary.dev/gitops: |\n{lines}"
    assert "metadata:\n" in text
    return text.replace("metadata:\n", head, 1)


def without_routing(canary: str) -> str:
    """Return the seed's Canary without what it says of the routing, which is people's own here."""
    start, end = canary.index("    # Istio gateways"), canary.index("  analysis:")
    return f"{canary[:start]}    port: 9898\n{canary[end:]}"


def helm(gitops: str = HELM) -> Mapping[str, str]:
    """Return two releases of one chart, whose weights are values of a third one."""
    return {
        f"{APP}/canary.yaml": declaring(gitops, without_routing(seed_canary())),
        f"{APP}/values-primary.yaml": VALUES % "",
        f"{APP}/values-canary.yaml": VALUES % "-canary",
        f"{APP}/routing/values.yaml": ROUTING,
    }


def kustomize(gitops: str = KUSTOMIZE) -> Mapping[str, str]:
    """Return an overlay for the canary over the app that is there, and a file that CI writes."""
    return {
        f"{APP}/canary.yaml": declaring(gitops),
        f"{APP}/release.yaml": RELEASE,
        f"{APP}/app/kustomization.yaml": APP_OVERLAY,
        f"{APP}/canary/kustomization.yaml": CANARY_OVERLAY,
    }
