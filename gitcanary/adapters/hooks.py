"""Webhooks out, in Flagger's words: what it posts, what it repeats, and how long it waits.

What an answer means for a rollout is decided elsewhere; of an answer only the status goes on.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import blake2s
from http import HTTPStatus

import stamina
import structlog

from gitcanary import errors
from gitcanary.egress import Allowed, Call, Sender
from gitcanary.rollout.evidence import HookAnswer, HookQuestion

# Flagger reads an answer whole; more than this is no answer but an attack or a mistake.
LONGEST_ANSWER = 1024 * 1024

LONGEST_WAIT = timedelta(seconds=30)

_log = structlog.get_logger(__name__)


class WebHooks:
    """Delivers webhooks (`ports.Hooks`) to addresses that specs name."""

    def __init__(self, allowed: Allowed, first_wait: timedelta = timedelta(seconds=1)) -> None:
        """Connect to nothing yet; `first_wait` comes before the first repetition and doubles with each further one."""
        self._verifying = Sender(allowed)
        self._trusting = Sender(allowed, verifies_tls=False)
        self._first_wait = first_wait

    def call(self, question: HookQuestion) -> HookAnswer:
        """Deliver one webhook and return its answer, after its retries. Never raises.

        Repeated are, as in Flagger, what got no answer, and the statuses 429 and 5xx but 501; the waits are 1, 2, 4 …
        seconds, at most 30. The hook's timeout is for each attempt, the answer's body included.
        """
        status = None
        try:
            for attempt in self._attempts(question.hook.retries + 1):
                with attempt:
                    status = None
                    status = self._deliver(question, dict(question.hook.metadata))
                    if _may_be_repeated(status):
                        raise errors.Unreachable(f"answered {status}")
        except errors.GitcanaryError as error:
            return HookAnswer(status, str(error))
        return HookAnswer(status, "a redirect, which is not followed" if _is_redirect(status) else None)

    def notify(self, question: HookQuestion, metadata: Mapping[str, str]) -> None:
        """Deliver an `event` webhook once; `metadata` (`eventMessage`, `eventType`) beats its own. Never raises."""
        merged = {**dict(question.hook.metadata), "timestamp": _milliseconds(question.at), **metadata}
        log = _log.bind(canary=f"{question.namespace}/{question.canary}", webhook=question.hook.name)
        try:
            status = self._deliver(question, merged)
        except errors.GitcanaryError as error:
            log.warning("event not delivered", trouble=str(error))
            return
        if status >= HTTPStatus.MULTIPLE_CHOICES:
            log.warning("event refused", status=status)

    def close(self) -> None:
        """Close all connections."""
        self._verifying.close()
        self._trusting.close()

    def _attempts(self, number: int) -> Iterable[stamina.Attempt]:
        return stamina.retry_context(
            on=errors.Unreachable,
            attempts=number,
            timeout=None,
            wait_initial=self._first_wait,
            wait_max=LONGEST_WAIT,
            wait_jitter=0,
        )

    def _deliver(self, question: HookQuestion, metadata: Mapping[str, str]) -> int:
        headers = {"Content-Type": "application/json", "Idempotency-Key": question.key}
        call = Call("POST", question.hook.url, headers, json.dumps(payload(question, metadata)).encode())
        sender = self._verifying if question.hook.verifies_tls else self._trusting
        return sender.send(call, question.hook.timeout, LONGEST_ANSWER).status


def payload(question: HookQuestion, metadata: Mapping[str, str]) -> dict[str, object]:
    """Return what is posted: Flagger's `CanaryWebhookPayload`, in which empty metadata is left out."""
    content: dict[str, object] = {
        "name": question.canary,
        "namespace": question.namespace,
        "phase": question.phase,
        "checksum": checksum(question.revision),
    }
    return content | ({"metadata": dict(metadata)} if metadata else {})


def checksum(revision: str) -> str:
    """Return sixteen characters that change when the revision does, and only then; they mean nothing else."""
    return blake2s(revision.encode(), digest_size=8).hexdigest()


def _may_be_repeated(status: int) -> bool:
    is_servers_fault = status >= HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.NOT_IMPLEMENTED
    return is_servers_fault or status == HTTPStatus.TOO_MANY_REQUESTS


def _is_redirect(status: int | None) -> bool:
    return status is not None and HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST


def _milliseconds(at: datetime) -> str:
    return str(int(at.timestamp() * 1000))
