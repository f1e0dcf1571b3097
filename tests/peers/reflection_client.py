# Reads a server by the reflection client of grpcio-reflection, and prints what it has found as one JSON line:
# `python3 reflection_client.py PORT SERVICE MESSAGE`.
import json
import sys

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

port, service, message = sys.argv[1:]
with grpc.insecure_channel("127.0.0.1:" + port) as channel:
    database = ProtoReflectionDescriptorDatabase(channel)
    pool = DescriptorPool(database)
    found = pool.FindServiceByName(service)
    extended = pool.FindMessageTypeByName(message)
    try:
        database.FindFileContainingSymbol("gone.Service")
        unknown = None
    except KeyError as error:
        unknown = error.args[0]
    print(json.dumps({
        "services": list(database.get_services()),
        "methods": [[m.name, m.input_type.full_name, m.output_type.full_name] for m in found.methods],
        "fields": [f.name for f in extended.fields],
        "extensions": sorted(e.number for e in pool.FindAllExtensions(extended)),
        "unknown": unknown,
    }))
