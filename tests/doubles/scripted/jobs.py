"""Small jobs on a ledger, answered by an echo."""

from mousegpt.core.chat import Reply
from mousegpt.pipeline.ledger import Policy, run_job

QUICK = Policy(first_delay_s=0.001, longest_delay_s=0.004, rest_s=0.02, max_rests=3)


def fill(ledger, n=20, name="job"):
    job = ledger.open_job(name, "account")
    ledger.add_tasks(job, ((b"%05d" % i, f"task {i}") for i in range(n)))
    return job


def echo(tasks):
    return [Reply(task.payload, "stop", "m", 100, 10) for task in tasks]


def accept(reply):
    return ""


def run(ledger, job, call=echo, judge=accept, **options):
    return run_job(ledger, job, call, judge, **{"policy": QUICK} | options)
