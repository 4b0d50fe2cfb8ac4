"""Prints the members of answers by botocore's description, which the AWS CLI prints by:
for each line "SERVICE OPERATION" of standard input the kinds of all members by their paths."""

import json
import sys

import botocore.session

kinds = {"integer": "number", "long": "number", "float": "number", "double": "number"}
session = botocore.session.get_session()


def walk(out, path, shape, within):
    out[path] = kinds.get(shape.type_name, shape.type_name)
    if shape.type_name == "structure" and shape.name not in within:
        for name, member in shape.members.items():
            walk(out, path + "." + name, member, within + [shape.name])
    elif shape.type_name == "list":
        walk(out, path + "[]", shape.member, within)


answers = {}
for line in sys.stdin:
    service, operation = line.split()
    walk(answers.setdefault(line.strip(), {}), "", session.get_service_model(service).operation_model(operation).output_shape, [])
print(json.dumps(answers))
