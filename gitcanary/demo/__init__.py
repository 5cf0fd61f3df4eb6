"""A mesh on one machine, of real parts, to see a rollout go through Git.

Envoy splits the traffic, Prometheus scrapes Envoy, small HTTP servers play the workloads, an agent plays Argo CD and
Istio, and the controller is `gitcanary run` as anybody starts it. `rollouts` shows it all; imported by the command line
alone. Nothing here is imported by this module itself: the workload and the watchdog are started often and start fast.
"""
