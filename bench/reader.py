"""Reads objects as flowlogs-reader reads them from S3, from files that are given."""
import importlib.metadata
import json
import os
import sys
import time

from flowlogs_reader import S3FlowLogsReader


class Files:
    """As much of S3's client as is asked: an object is a file."""

    def get_object(self, Bucket, Key):
        return {"Body": open(Key, "rb"), "ContentLength": os.stat(Key).st_size}


reader = S3FlowLogsReader("bucket", boto_client=Files())
reader._get_all_keys = lambda: iter(sys.argv[1:])
began = time.process_time()
records = sum(1 for _ in reader)
seconds = time.process_time() - began
print(json.dumps({
    "version": importlib.metadata.version("flowlogs-reader"),
    "records": records, "skipped": reader.skipped_records, "seconds": seconds,
}))
