"""Works on a ledger until it is done: ``python -m scripted.worker LEDGER URL CONCURRENCY``."""

import sys
from pathlib import Path

from mousegpt.backends.openai_compatible import Endpoint, OpenAICompatible
from mousegpt.core.chat import Message
from mousegpt.description.parse import parse_reply
from mousegpt.pipeline.ledger import Policy, Price, open_ledger, run_job

PRICE = Price(2.0, 10.0, max_reply_tokens=100)
#: Of a service that answers in milliseconds; the delays of the product are for real ones.
QUICK = Policy(first_delay_s=0.02, longest_delay_s=0.1, rest_s=0.2, max_failed=12, max_unusable=8)


def judge(reply):
    status = parse_reply(reply.text, finish_reason=reply.finish_reason).status
    return "" if status == "ok" else status


def work(path, url, concurrency):
    endpoint = Endpoint(url=url, model="scripted", timeout_s=0.5)
    model = OpenAICompatible(endpoint)

    def call(tasks):
        return [model.chat([Message(task.payload)], max_tokens=100) for task in tasks]

    ledger = open_ledger(Path(path))
    job = ledger.open_job("trial", "scripted")
    return run_job(ledger, job, call, judge, price=PRICE, policy=QUICK, concurrency=concurrency)


if __name__ == "__main__":
    work(sys.argv[1], sys.argv[2], int(sys.argv[3]))
