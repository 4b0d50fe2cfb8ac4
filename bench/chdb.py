"""Answers SQL, a JSON string a line, over chDB's session in the folder that is given."""
import json
import sys
import time

from chdb import session

own = session.Session(sys.argv[1])
for line in sys.stdin:
    said = {}
    began = time.perf_counter()
    try:
        answer = own.query(json.loads(line), "TabSeparated").bytes()
        said["seconds"] = time.perf_counter() - began
        said["answer"] = answer.decode()
    except Exception as e:  # it has no narrower one
        said["error"] = str(e)
    print(json.dumps(said), flush=True)
own.close()
