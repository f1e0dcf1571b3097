"""The Echo service on Python gRPC, without generated code: prints `listening PORT`."""
import os
import struct
import sys
from concurrent import futures

import grpc


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def body_length(payload):
    return read_varint(payload, 1)[0] if payload else 0


def unary(payload, _context):
    return payload


def download(order, _context):
    fields, at = {}, 0
    while at < len(order):
        key, at = read_varint(order, at)
        fields[key >> 3], at = read_varint(order, at)
    size = fields.get(2, 0)
    message = b"\x0a" + varint(size) + b"x" * size
    for _ in range(fields.get(1, 0)):
        yield message


def upload(payloads, _context):
    count = total = 0
    for payload in payloads:
        count += 1
        total += body_length(payload)
    return b"\x08" + varint(count) + b"\x11" + struct.pack("<d", total)


def chat(payloads, _context):
    yield from payloads


handlers = grpc.method_handlers_generic_handler("bench.Echo", {
    "Unary": grpc.unary_unary_rpc_method_handler(unary),
    "Download": grpc.unary_stream_rpc_method_handler(download),
    "Upload": grpc.stream_unary_rpc_method_handler(upload),
    "Chat": grpc.stream_stream_rpc_method_handler(chat),
})
server = grpc.server(futures.ThreadPoolExecutor(max_workers=4), options=[("grpc.max_receive_message_length", -1)])
server.add_generic_rpc_handlers((handlers,))
port = server.add_insecure_port("127.0.0.1:0")
server.start()
print("listening", port, flush=True)
sys.stdin.read()
os._exit(0)
