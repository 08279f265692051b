"""What a user would write: asyncio, a few retries with back-off, a line of JSON for each answer.

``python benchmarks/_ledger_peer.py FILE URL N CONCURRENCY``; started again, it skips what the file
holds already.
"""

import asyncio
import json
import random
import sys
from pathlib import Path

import httpx2
from scripted.trial import make_question

RETRIES = 5


def read_done(path):
    done = set()
    if path.exists():
        for line in path.read_text().splitlines():
            try:
                done.add(json.loads(line)["id"])
            except (ValueError, KeyError):
                continue  # the line that was being written when the process was killed
    return done


async def ask(client, url, question):
    for attempt in range(RETRIES):
        try:
            body = {"model": "m", "messages": [{"role": "user", "content": question}]}
            answer = await client.post(f"{url}/chat/completions", json=body)
            answer.raise_for_status()
            return answer.json()["choices"][0]["message"]["content"]
        except (httpx2.HTTPError, ValueError, KeyError):
            await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))
    return None


async def work(path, url, n, concurrency):
    done = read_done(path)
    room = asyncio.Semaphore(concurrency)
    async with httpx2.AsyncClient(timeout=0.5) as client:

        async def answer(i):
            async with room:
                text = await ask(client, url, make_question(i))
            if text is not None:
                with path.open("a") as file:
                    file.write(json.dumps({"id": i, "text": text}) + "\n")

        await asyncio.gather(*(answer(i) for i in range(n) if i not in done))


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
