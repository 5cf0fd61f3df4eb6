"""The files that people have: the seed's Canary with its Deployment, and what tests need of other folders."""

from pathlib import Path

SEED = Path(__file__).resolve().parents[2] / "examples" / "seed"
AUTOSCALER = """\
  # HPA reference (optional)
  autoscalerRef:
    apiVersion: autoscaling/v2
    kind: HorizontalPodAutoscaler
    name: podinfo
"""

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: podinfo
  namespace: test
  labels:
    app: podinfo
spec:
  replicas: 2
  selector:
    matchLabels:
      app: podinfo
  template:
    metadata:
      labels:
        app: podinfo
    spec:
      containers:
      - name: podinfod
        image: ghcr.io/stefanprodan/podinfo:6.0.0
        ports:
        - containerPort: 9898
          name: http
"""

HPA = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: podinfo
  namespace: test
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: podinfo
  minReplicas: 20
  maxReplicas: 40
"""


def seed_canary() -> str:
    """Return the seed's Canary, byte for byte."""
    return (SEED / "canary.yaml").read_text()


def seed(app: str = "apps/podinfo") -> dict[str, str]:
    """Return the seed's folder as it stands: with an autoscaler."""
    deployment = DEPLOYMENT.replace("  replicas: 2\n", "")
    return {f"{app}/canary.yaml": seed_canary(), f"{app}/deployment.yaml": deployment, f"{app}/hpa.yaml": HPA}


def without_autoscaler(
    app: str = "apps/podinfo", *, canary: str | None = None, deployment: str = DEPLOYMENT
) -> dict[str, str]:
    """Return the seed's folder without its autoscaler: two replicas."""
    text = seed_canary() if canary is None else canary
    assert AUTOSCALER in text
    return {f"{app}/canary.yaml": text.replace(AUTOSCALER, ""), f"{app}/deployment.yaml": deployment}
