"""The interop tests on Python gRPC: `python_peer.py server --port=0` prints `listening PORT` and serves until its
standard input ends; `python_peer.py client --server_port=PORT --test_case=NAME,NAME` prints a line for each case.
With `--compression=gzip` or `deflate` each side compresses what it sends. With `--tls=FOLDER` both use mutual TLS, with what certificates.ts has written there.

`test_pb2`, which protoc makes of test.proto, is on PYTHONPATH; of gRPC's own code generator there is no need.
"""
import os
import sys
import time
from concurrent import futures

import grpc
import test_pb2 as pb

SERVICE = "grpc.testing.TestService"
INITIAL = "x-grpc-test-echo-initial"
TRAILING = "x-grpc-test-echo-trailing-bin"
REQUEST_SIZES = [27182, 8, 1828, 45904]
RESPONSE_SIZES = [31415, 9, 2653, 58979]
LARGE_REQUEST, LARGE_RESPONSE = 271828, 314159
LIMIT_SECONDS = 30

METHODS = {
    "EmptyCall": ("unary_unary", pb.Empty, pb.Empty),
    "UnaryCall": ("unary_unary", pb.SimpleRequest, pb.SimpleResponse),
    "StreamingOutputCall": ("unary_stream", pb.StreamingOutputCallRequest, pb.StreamingOutputCallResponse),
    "StreamingInputCall": ("stream_unary", pb.StreamingInputCallRequest, pb.StreamingInputCallResponse),
    "FullDuplexCall": ("stream_stream", pb.StreamingOutputCallRequest, pb.StreamingOutputCallResponse),
    "UnimplementedCall": ("unary_unary", pb.Empty, pb.Empty),
}


def zeros(size):
    return pb.Payload(body=bytes(size))


# The server.


def echo_metadata(context):
    given = dict(context.invocation_metadata())
    if INITIAL in given:
        context.send_initial_metadata(((INITIAL, given[INITIAL]),))
    if TRAILING in given:
        context.set_trailing_metadata(((TRAILING, given[TRAILING]),))


def end_as_asked(request, context):
    if request.HasField("response_status"):
        asked = request.response_status
        code = next(code for code in grpc.StatusCode if code.value[0] == asked.code)
        context.abort(code, asked.message)


def empty_call(_request, _context):
    return pb.Empty()


def unary_call(request, context):
    echo_metadata(context)
    end_as_asked(request, context)
    return pb.SimpleResponse(payload=zeros(request.response_size))


def streaming_output_call(request, context):
    end_as_asked(request, context)
    for parameters in request.response_parameters:
        time.sleep(parameters.interval_us / 1e6)
        yield pb.StreamingOutputCallResponse(payload=zeros(parameters.size))


def streaming_input_call(requests, _context):
    return pb.StreamingInputCallResponse(aggregated_payload_size=sum(len(one.payload.body) for one in requests))


def full_duplex_call(requests, context):
    echo_metadata(context)
    for request in requests:
        yield from streaming_output_call(request, context)


HANDLERS = {
    "EmptyCall": empty_call,
    "UnaryCall": unary_call,
    "StreamingOutputCall": streaming_output_call,
    "StreamingInputCall": streaming_input_call,
    "FullDuplexCall": full_duplex_call,
}


def pem(name):
    with open(f"{flags['tls']}/{name}", "rb") as file:
        return file.read()


def compression():
    known = {"gzip": grpc.Compression.Gzip, "deflate": grpc.Compression.Deflate}
    return known.get(flags.get("compression"))


def serve(port):
    methods = {}
    for name, handler in HANDLERS.items():
        kind, request, response = METHODS[name]
        make = getattr(grpc, f"{kind}_rpc_method_handler")
        methods[name] = make(handler, request.FromString, response.SerializeToString)
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8), compression=compression())
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))
    if "tls" in flags:
        credentials = grpc.ssl_server_credentials([(pem("server.key"), pem("server.pem"))], pem("ca.pem"), True)
        bound = server.add_secure_port(f"127.0.0.1:{port}", credentials)
    else:
        bound = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    print("listening", bound, flush=True)
    sys.stdin.read()
    os._exit(0)


# The client.


def method(channel, name, service=SERVICE):
    kind, request, response = METHODS[name]
    return getattr(channel, kind)(f"/{service}/{name}", request.SerializeToString, response.FromString)


def expect(holds, otherwise):
    if not holds:
        raise AssertionError(otherwise)


def expect_payload(payload, size):
    expect(payload.body == bytes(size), f"payload of {len(payload.body)} bytes, expected {size} zeros")


def expect_status(call, code, message=None):
    try:
        call()
    except grpc.RpcError as error:
        expect(error.code() == code, f"status is {error.code()} ({error.details()}), expected {code}")
        expect(message in (None, error.details()), f"status message is {error.details()!r}")
    else:
        raise AssertionError(f"status is OK, expected {code}")


def large_request():
    return pb.SimpleRequest(response_size=LARGE_RESPONSE, payload=zeros(LARGE_REQUEST))


def exchange(request_size, response_size):
    parameters = [pb.ResponseParameters(size=response_size)]
    return pb.StreamingOutputCallRequest(response_parameters=parameters, payload=zeros(request_size))


def echo_of(message):
    return pb.EchoStatus(code=2, message=message)


def empty_unary(channel):
    expect(method(channel, "EmptyCall")(pb.Empty(), timeout=LIMIT_SECONDS) is not None, "no response")


def large_unary(channel):
    response = method(channel, "UnaryCall")(large_request(), timeout=LIMIT_SECONDS)
    expect_payload(response.payload, LARGE_RESPONSE)


def client_streaming(channel):
    requests = (pb.StreamingInputCallRequest(payload=zeros(size)) for size in REQUEST_SIZES)
    response = method(channel, "StreamingInputCall")(requests, timeout=LIMIT_SECONDS)
    expect(response.aggregated_payload_size == 74922, f"aggregated_payload_size is {response.aggregated_payload_size}")


def server_streaming(channel):
    parameters = [pb.ResponseParameters(size=size) for size in RESPONSE_SIZES]
    request = pb.StreamingOutputCallRequest(response_parameters=parameters)
    responses = list(method(channel, "StreamingOutputCall")(request, timeout=LIMIT_SECONDS))
    expect(len(responses) == len(RESPONSE_SIZES), f"{len(responses)} responses")
    for response, size in zip(responses, RESPONSE_SIZES):
        expect_payload(response.payload, size)


def ping_pong(channel):
    received = []
    # Requests are taken by another thread: it waits there for the response before.
    def requests():
        for i, size in enumerate(REQUEST_SIZES):
            until = time.monotonic() + LIMIT_SECONDS
            while len(received) < i and time.monotonic() < until:
                time.sleep(0.001)
            yield exchange(size, RESPONSE_SIZES[i])
    for response in method(channel, "FullDuplexCall")(requests(), timeout=LIMIT_SECONDS):
        expect(len(received) < len(RESPONSE_SIZES), "a response too many")
        expect_payload(response.payload, RESPONSE_SIZES[len(received)])
        received.append(response)
    expect(len(received) == len(RESPONSE_SIZES), f"{len(received)} responses")


def empty_stream(channel):
    expect(not list(method(channel, "FullDuplexCall")(iter(()), timeout=LIMIT_SECONDS)), "a response too many")


def expect_echoes(call):
    initial, trailing = dict(call.initial_metadata()), dict(call.trailing_metadata())
    expect(initial.get(INITIAL) == "test_initial_metadata_value", f"initial metadata is {initial}")
    expect(trailing.get(TRAILING) == b"\xab\xab\xab", f"trailing metadata is {trailing}")


def custom_metadata(channel):
    options = {
        "metadata": ((INITIAL, "test_initial_metadata_value"), (TRAILING, b"\xab\xab\xab")),
        "timeout": LIMIT_SECONDS,
    }
    response, call = method(channel, "UnaryCall").with_call(large_request(), **options)
    expect_payload(response.payload, LARGE_RESPONSE)
    expect_echoes(call)
    duplex = method(channel, "FullDuplexCall")(iter([exchange(LARGE_REQUEST, LARGE_RESPONSE)]), **options)
    responses = list(duplex)
    expect(len(responses) == 1, f"{len(responses)} responses")
    expect_payload(responses[0].payload, LARGE_RESPONSE)
    expect_echoes(duplex)


def unary_status(channel, message):
    request = pb.SimpleRequest(response_status=echo_of(message))
    call = lambda: method(channel, "UnaryCall")(request, timeout=LIMIT_SECONDS)
    expect_status(call, grpc.StatusCode.UNKNOWN, message)


def status_code_and_message(channel):
    message = "test status message"
    unary_status(channel, message)
    requests = [pb.StreamingOutputCallRequest(response_status=echo_of(message))]
    call = lambda: list(method(channel, "FullDuplexCall")(iter(requests), timeout=LIMIT_SECONDS))
    expect_status(call, grpc.StatusCode.UNKNOWN, message)


def special_status_message(channel):
    unary_status(channel, "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n")


def unimplemented_method(channel):
    call = lambda: method(channel, "UnimplementedCall")(pb.Empty(), timeout=LIMIT_SECONDS)
    expect_status(call, grpc.StatusCode.UNIMPLEMENTED)


def unimplemented_service(channel):
    other = method(channel, "UnimplementedCall", "grpc.testing.UnimplementedService")
    expect_status(lambda: other(pb.Empty(), timeout=LIMIT_SECONDS), grpc.StatusCode.UNIMPLEMENTED)


def waiting(*first):
    """A stream of requests that does not end before its call does."""
    yield from first
    time.sleep(1)


def cancel_after_begin(channel):
    call = method(channel, "StreamingInputCall").future(waiting(), timeout=LIMIT_SECONDS)
    call.cancel()
    expect(call.code() == grpc.StatusCode.CANCELLED, f"status is {call.code()}")


def cancel_after_first_response(channel):
    requests = waiting(exchange(REQUEST_SIZES[0], RESPONSE_SIZES[0]))
    call = method(channel, "FullDuplexCall")(requests, timeout=LIMIT_SECONDS)
    expect_payload(next(call).payload, RESPONSE_SIZES[0])
    call.cancel()
    expect_status(lambda: list(call), grpc.StatusCode.CANCELLED)


def timeout_on_sleeping_server(channel):
    requests = waiting(pb.StreamingOutputCallRequest(payload=zeros(REQUEST_SIZES[0])))
    call = method(channel, "FullDuplexCall")(requests, timeout=0.001)
    expect_status(lambda: list(call), grpc.StatusCode.DEADLINE_EXCEEDED)


def rpc_soak(channel):
    for _ in range(10):
        large_unary(channel)


def channel_soak(_channel):
    for _ in range(10):
        with connect() as channel:
            large_unary(channel)


CASES = [
    empty_unary, large_unary, client_streaming, server_streaming, ping_pong, empty_stream, custom_metadata,
    status_code_and_message, special_status_message, unimplemented_method, unimplemented_service, cancel_after_begin,
    cancel_after_first_response, timeout_on_sleeping_server, rpc_soak, channel_soak,
]


def connect():
    address = f"127.0.0.1:{flags['server_port']}"
    options = (("grpc.use_local_subchannel_pool", 1),)  # or channels to one address share a connection
    if "tls" not in flags:
        return grpc.insecure_channel(address, options, compression())
    credentials = grpc.ssl_channel_credentials(pem("ca.pem"), pem("client.key"), pem("client.pem"))
    return grpc.secure_channel(address, credentials, options, compression())


def run_client(names):
    cases = {case.__name__: case for case in CASES}
    failed = 0
    with connect() as channel:
        for name in names.split(","):
            try:
                cases[name](channel)
                print("ok", name, flush=True)
            except Exception as error:
                print(f"FAILED {name}: {type(error).__name__}: {error}", flush=True)
                failed = 1
    os._exit(failed)


flags = dict(argument[2:].split("=", 1) for argument in sys.argv[2:])
if sys.argv[1] == "server":
    serve(flags.get("port", "0"))
else:
    run_client(flags["test_case"])
