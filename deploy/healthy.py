"""Exit 0 where the server on this port of this container answers that it is well."""

import sys
from urllib.request import urlopen

urlopen(f"http://localhost:{sys.argv[1]}/healthz", timeout=4).close()
