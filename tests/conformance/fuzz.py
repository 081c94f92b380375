"""python fuzz.py FOLDER: schemathesis against the emulator, over every operation of Zoom's two documents.

FOLDER holds what prepare.mjs wrote: the documents, mended, ids that exist, and a token. EMULATOR is the emulator's
address, EXAMPLES how many random requests each operation gets (beside those that cover its parameters one by one).
The same requests are made every time. Prints a report as JSON: what the answers have that is not documented, less what
allowances.json names with its reason.
"""

import base64
import json
import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
DOCUMENTS = ["phone", "number-management"]


def run(folder: Path, api: str) -> Path:
    """Has schemathesis make its requests; the file tells of each."""
    events = folder / f"{api}.ndjson"
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{api}.json"),
        *("--url", f"{os.environ['EMULATOR']}/v2"),
        *("--header", f"Authorization: Bearer {(folder / 'token').read_text()}"),
        *("--checks", CHECKS, "--phases", "examples,coverage,fuzzing"),
        *("--max-examples", os.environ.get("EXAMPLES", "10"), "--generation-deterministic", "--no-shrink"),
        *("--continue-on-failure", "--suppress-health-check", "all", "--max-redirects", "0"),
        *("--report", "ndjson", "--report-ndjson-path", events.name, "--output-sanitize", "false", "--no-color"),
    ]
    # Its hooks put ids that exist into the requests.
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE), "CONFORMANCE_IDS": str(folder / "ids.json")}
    log = folder / f"{api}.log"
    with log.open("w") as output:
        result = subprocess.run(command, cwd=folder, env=environment, stdout=output, stderr=output, check=False)
    # 1 says that it found something.
    if result.returncode not in (0, 1) or not events.exists():
        sys.exit(f"schemathesis ended with {result.returncode}:\n{log.read_text()[-3000:]}")
    return events


def failures(events: Path):
    """Every check that failed: operation, check, message, and the answer."""
    with events.open() as lines:
        for line in lines:
            kind, event = next(iter(json.loads(line).items()))
            if kind == "NonFatalError":
                yield "", "error", event.get("value", {}).get("title", "") + json.dumps(event)[:2000], "", ""
            if kind != "ScenarioFinished":
                continue
            recorder = event["recorder"]
            for case, checks in recorder.get("checks", {}).items():
                for check in checks:
                    if check["status"] != "failure":
                        continue
                    interaction = recorder["interactions"][case]
                    content = (interaction["response"] or {}).get("content") or {}
                    answer = base64.b64decode(content.get("$base64", "")).decode(errors="replace")
                    request = interaction["request"]
                    shown = f"{request['method']} {request['uri']}"
                    yield recorder["label"], check["name"], check["failure_info"]["failure"]["message"], answer, shown


def count(events: Path, what: str) -> int:
    total = 0
    with events.open() as lines:
        for line in lines:
            kind, event = next(iter(json.loads(line).items()))
            if kind == "ScenarioFinished":
                total += len(event["recorder"].get(what, {}))
    return total


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    allowances = json.loads((HERE / "allowances.json").read_text())["schemathesis"]
    report = {"requests": 0, "failures": 0, "found": [], "allowed": {it["reason"]: 0 for it in allowances}}
    for api in DOCUMENTS:
        events = run(folder, api)
        report["requests"] += count(events, "interactions")
        found = {}
        for operation, check, message, answer, request in failures(events):
            allowed = next(
                (
                    it["reason"]
                    for it in allowances
                    if it["check"] == check
                    and re.search(it["message"], message)
                    and re.search(it.get("answer", ""), answer)
                    and operation in it.get("operations", [operation])
                ),
                None,
            )
            if allowed:
                report["allowed"][allowed] += 1
                continue
            # The same complaint about the same operation is one finding.
            key = (operation, check, message.split("\n")[0] if check == "status_code_conformance" else re.sub(r'^".*?" ', "", message, flags=re.S)[:80])
            entry = {"operation": operation, "check": check, "message": message[:600], "answer": answer[:300], "request": request[:300], "times": 0}
            found.setdefault(key, entry)["times"] += 1
        report["found"] += found.values()
    report["failures"] = len(report["found"])
    print(json.dumps(report, indent=2))


main()
