"""What PostgreSQL itself takes: pgbench, a program in C, with the same insert, a row a commit."""

import re
import subprocess
from pathlib import Path

from benchmarks.ground import ground

BODY = (
    '{"activation_id": 10561661, "message_id": "msg_%s", "service": "whatsapp", '
    '"code": "123456", "text": "Your WhatsApp code is 123456", '
    '"received_at": "2026-05-18T14:02:11.000000Z"}'
)
SCRIPT = """
\\set number random(1, 9000000000000)
INSERT INTO rentals_inboxentry
    (account_id, body, body_sha256, activation_id, genuine, received_at, outcome)
SELECT {account}, body, sha256(body), '10561661', true, now(), '' FROM (
    SELECT convert_to(format('{body}', :number::text), 'UTF8') AS body
) AS given
ON CONFLICT (account_id, body_sha256) DO NOTHING
RETURNING account_id, body_sha256, id;
"""


def commits_a_second(account_id: int, seconds: float, clients: int = 32) -> float:
    given = ground()
    script = given.data / "insert.sql"
    script.write_text(SCRIPT.format(account=account_id, body=BODY))
    words = [given.pgbench, "-n", "-f", str(script), "-M", "prepared", "-c", str(clients)]
    words += ["-j", "2", "-T", str(int(seconds)), given.environment["DATABASE_URL"]]
    done = subprocess.run(words, check=True, capture_output=True, text=True, cwd=Path("/"))
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if found is None:
        raise RuntimeError(f"pgbench said no figure: {done.stdout}{done.stderr}")
    return float(found[1])
