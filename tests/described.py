#!/usr/bin/env python3
"""Holds the API's answers against its document: requests made from the document by schemathesis, right and wrong ones, are
sent to the running program as people of several roles. No answer may be a 5xx, or one that the document does not name.

    described.py PROGRAM SCHEMATHESIS FOLDER

FOLDER must not exist; it takes the program's data and the logs. The last line says how many cases were sent.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.request

ROLES = ["admin", "quality", "dispatcher", "supplier"]

CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
]

# Lists, and what their elements are asked for by: half of the requests are about something that exists.
KEYS = {
    "shipments": "id", "alerts": "id", "trackers": "dev_eui", "profiles": "id", "organisations": "id", "places": "id",
    "lanes": "id", "parents": "id", "gateways": "id", "users": "id", "recalls": "id",
}  # fmt: skip


def ask(url, token=None, body=None):
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=60) as answer:
        return json.load(answer)


def log_in(api, login):
    credentials = {"email": login["email"], "password": login["password"]}
    return ask(f"{api}/login", body=credentials)["access_token"]


def known(api, token):
    """What the admin sees of each list."""
    return {
        stem: [str(item[key]) for item in ask(f"{api}/{stem}?limit=20", token)["items"]]
        for stem, key in KEYS.items()
    }


def hold(schemathesis, api, token, ids, log):
    """Runs the requests of one role. Returns whether all was as described, and how many there were."""
    command = [
        schemathesis, "run", f"{api}/openapi.json", "-H", f"Authorization: Bearer {token}", "--checks", ",".join(CHECKS),
        "--phases", "examples,coverage,fuzzing", "--max-examples", "5", "--generation-deterministic",
        "--continue-on-failure", "--no-shrink", "--warnings", "off", "--no-color",
        "--request-timeout", "30",
        # It has no end.
        "--exclude-path", "/events",
    ]  # fmt: skip
    here = pathlib.Path(__file__).parent
    environment = {
        **os.environ, "SCHEMATHESIS_HOOKS": "known_ids", "PYTHONPATH": str(here), "KNOWN_IDS": json.dumps(ids),
        "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    with log.open("w") as file:
        ended = subprocess.run(command, env=environment, stdout=file, stderr=subprocess.STDOUT, cwd=log.parent)
    text = log.read_text()
    sent = re.search(r"(\d+) generated", text)
    if sent is None:
        sys.exit(f"{text[-4000:]}\nschemathesis sent nothing: see {log}")
    if ended.returncode != 0:
        print(text[text.find("= FAILURES") :][:8000], f"\nall of it: {log}", file=sys.stderr)
    return ended.returncode == 0, int(sent[1])


def wait_for(file, program):
    """What the program tells of itself: where it answers, once it does."""
    while program.poll() is None:
        # It is written anew with the address as its last thing; until then, or half written, it does not tell.
        text = file.read_text() if file.is_file() else ""
        if '"url"' in text and text.endswith("}\n"):
            return json.loads(text)
        time.sleep(0.2)
    sys.exit("the program ended before it answered")


def main():
    program, schemathesis, folder = (pathlib.Path(given).absolute() for given in sys.argv[1:4])
    folder.mkdir(parents=True)
    command = [program, "demo", "--data", folder / "data", "--listen", "127.0.0.1:0"]
    unlimited = {f"ISOTHERM_HTTP__LIMITS__{name}": "0" for name in ("PER_USER", "PER_ADDRESS", "LOG_INS")}
    with (folder / "program.log").open("w") as log:
        demo = subprocess.Popen(command, env={**os.environ, **unlimited}, stdout=log, stderr=log)
    try:
        told = wait_for(folder / "data" / "demo.json", demo)
        api = f"{told['url']}/api/v1"
        logins = {login["role"]: login for login in told["logins"]}
        ids = known(api, log_in(api, logins["admin"]))
        results = [
            hold(schemathesis, api, log_in(api, logins[role]), ids, folder / f"{role}.log") for role in ROLES
        ]
    finally:
        demo.terminate()
        demo.wait()
    cases = sum(sent for _, sent in results)
    if not all(right for right, _ in results):
        sys.exit(f"the API's answers are not as its document says ({cases} cases as {', '.join(ROLES)})")
    print(f"{cases} cases as {', '.join(ROLES)}")


if __name__ == "__main__":
    main()
