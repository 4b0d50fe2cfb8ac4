"""Prints what botocore's model of EC2 says of operations, as JSON: for each the members of request and answer by path, as they are on
the wire, with their types. Arguments: the operations."""

import json
import sys

import botocore.session

model = botocore.session.get_session().get_service_model("ec2")


def walk(shape, path, request, out):
    for name, member in shape.members.items():
        wire = member.serialization.get("name", name)
        if request:  # as botocore's serializer: the first letter is a capital
            wire = member.serialization.get("queryName", wire[0].upper() + wire[1:])
        kind = member.type_name
        inner = member
        if kind == "list":
            inner = member.member
            kind = "list of " + inner.type_name
        out[path + wire] = kind
        if inner.type_name == "structure":
            walk(inner, path + wire + ".", request, out)
    return out


print(
    json.dumps(
        {
            name: {
                "request": walk(op.input_shape, "", True, {}),
                "answer": walk(op.output_shape, "", False, {}) if op.output_shape else {},
            }
            for name, op in ((name, model.operation_model(name)) for name in sys.argv[1:])
        }
    )
)
