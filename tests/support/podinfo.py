"""The files that people bring: podinfo, plain, as whole texts."""

CANARY = """\
apiVersion: flagger.app/v1beta1
kind: Canary
metadata:
  name: podinfo
  namespace: test
spec:
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: podinfo}
  service:
    gateways: [istio-system/public-gateway]
    hosts: [app.example.com]
    port: 9898
    trafficPolicy:
      tls:
        mode: DISABLE
    retries:
      attempts: 3
      perTryTimeout: 1s
      retryOn: "gateway-error,connect-failure,refused-stream"
  analysis:
    interval: 1m
    threshold: 3
    maxWeight: 50
    stepWeight: 10
"""

AUTOSCALED = CANARY.replace(
    "  service:\n",
    "  autoscalerRef: {apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, name: podinfo}\n  service:\n",
)

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: podinfo
  namespace: test
spec:
  replicas: 2   # two are enough
  selector:
    matchLabels:
      app: podinfo
  template:
    metadata:
      labels:
        app: podinfo
    spec:
      containers:
        - name: podinfo
          image: ghcr.io/stefanprodan/podinfo:6.0.0   # moved by CI
          ports:
            - name: http
              containerPort: 9898
"""

AUTOSCALER = """\
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
  minReplicas: 2
  maxReplicas: 4
"""

SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: podinfo
  namespace: test
spec:
  type: NodePort
  selector: { app: "podinfo" }  # ours
  ports:
  - port: 9898
    nodePort: 30080
"""

# CRLF, an odd indentation, comments, an anchor, quotes and a second route that does not split.
VIRTUAL_SERVICE = """\
# brought by people
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata:
    name: frontdoor
    namespace: test
spec:
    hosts:   [ 'app.example.com' ]
    gateways:
    -   istio-system/public-gateway
    http:
    -   match: [{uri: {prefix: /status}}]
        route:
        -   destination: {host: podinfo-primary}   # weight: 5
    -   name: main
        retries: &retries {attempts: 3, perTryTimeout: 1s, retryOn: "gateway-error,connect-failure,refused-stream"}
        route:
        -   destination:
                host: podinfo-primary.test.svc.cluster.local
            weight: 0      # people's
        -   destination: { host: podinfo-canary }
            weight: 100
        fault: {}
""".replace("\n", "\r\n")

PLAIN = {"canary.yaml": CANARY, "deployment.yaml": DEPLOYMENT}
SCALED = {"canary.yaml": AUTOSCALED, "deployment.yaml": DEPLOYMENT, "hpa.yaml": AUTOSCALER}


def at(tag: str) -> str:
    """Return the Deployment with another tag of its image."""
    return DEPLOYMENT.replace("6.0.0", tag)
