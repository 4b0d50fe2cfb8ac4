"""Runs the AWS CLI for each line of standard input, a JSON list of its arguments, in one
process, and prints for each a line {"code": ..., "out": ..., "err": ...}."""

import contextlib
import io
import json
import sys

from awscli.clidriver import create_clidriver


class Stream(io.TextIOWrapper):
    """A text stream that keeps what is written; the CLI also looks at its buffer."""

    def __init__(self):
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    def text(self):
        return self.buffer.getvalue().decode()


for line in sys.stdin:
    out, err = Stream(), Stream()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = create_clidriver().main(json.loads(line))
    print(json.dumps({"code": code, "out": out.text(), "err": err.text()}), flush=True)
