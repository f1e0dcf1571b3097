// The interop tests on @grpc/grpc-js: `grpc_js_peer.mjs server --port=0` prints `listening PORT` and serves until its
// standard input ends; `grpc_js_peer.mjs client --server_port=PORT --test_case=NAME,NAME` prints a line for each case.
// With `--tls=FOLDER` both use mutual TLS, with what certificates.ts has written there.
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { readArguments } from "../../../.ci/arguments.mjs";

const definition = loader.loadSync(fileURLToPath(new URL("../test.proto", import.meta.url)), {
  defaults: true,
  keepCase: false,
});
const { TestService, UnimplementedService } = grpc.loadPackageDefinition(definition).grpc.testing;

const INITIAL = "x-grpc-test-echo-initial";
const TRAILING = "x-grpc-test-echo-trailing-bin";
const REQUEST_SIZES = [27182, 8, 1828, 45904];
const RESPONSE_SIZES = [31415, 9, 2653, 58979];
const LARGE_REQUEST = 271828;
const LARGE_RESPONSE = 314159;

const zeros = (size) => ({ body: Buffer.alloc(size) });
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// The server.

function echoes(call) {
  const [initial, trailing] = [new grpc.Metadata(), new grpc.Metadata()];
  for (const value of call.metadata.get(INITIAL)) initial.add(INITIAL, value);
  for (const value of call.metadata.get(TRAILING)) trailing.add(TRAILING, value);
  call.sendMetadata(initial);
  return trailing;
}

async function respond({ responseParameters, responseStatus }, call) {
  if (responseStatus) throw { code: responseStatus.code, details: responseStatus.message };
  for (const { size, intervalUs } of responseParameters) {
    if (intervalUs > 0) await sleep(intervalUs / 1000);
    call.write({ payload: zeros(size) });
  }
}

const handlers = {
  emptyCall: (_, callback) => callback(null, {}),
  unaryCall(call, callback) {
    const { responseSize, responseStatus } = call.request;
    const trailing = echoes(call);
    if (responseStatus) {
      return callback({ code: responseStatus.code, details: responseStatus.message, metadata: trailing });
    }
    callback(null, { payload: zeros(responseSize) }, trailing);
  },
  async streamingOutputCall(call) {
    try {
      await respond(call.request, call);
      call.end();
    } catch (status) {
      call.emit("error", status);
    }
  },
  streamingInputCall(call, callback) {
    let aggregatedPayloadSize = 0;
    call.on("data", ({ payload }) => aggregatedPayloadSize += payload?.body.length ?? 0);
    call.on("end", () => callback(null, { aggregatedPayloadSize }));
    call.on("error", () => {});
  },
  fullDuplexCall(call) {
    const trailing = echoes(call);
    let answered = Promise.resolve(); // a loop over `call` would destroy it at its end, before there is a status
    call.on("data", (request) => {
      answered = answered.then(() => respond(request, call));
      answered.catch((status) => call.emit("error", status));
    });
    call.on("end", () => answered.then(() => call.end(trailing), () => {}));
    call.on("error", () => {});
  },
};

function pem(name) {
  return readFileSync(`${flags.tls}/${name}`);
}

function serverCredentials() {
  if (flags.tls === "") return grpc.ServerCredentials.createInsecure();
  const own = { cert_chain: pem("server.pem"), private_key: pem("server.key") };
  return grpc.ServerCredentials.createSsl(pem("ca.pem"), [own], true);
}

function channelCredentials() {
  if (flags.tls === "") return grpc.credentials.createInsecure();
  return grpc.credentials.createSsl(pem("ca.pem"), pem("client.key"), pem("client.pem"));
}

function serve(port) {
  const server = new grpc.Server();
  server.addService(TestService.service, handlers);
  server.bindAsync(`127.0.0.1:${port}`, serverCredentials(), (error, bound) => {
    if (error) throw error;
    console.log(`listening ${bound}`);
  });
  process.stdin.on("end", () => process.exit(0)).resume();
}

// The client.

function expect(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}

function expectPayload(payload, size) {
  const body = payload?.body ?? Buffer.alloc(0);
  expect(body.equals(Buffer.alloc(size)), `payload of ${body.length} bytes, expected ${size} zeros`);
}

function expectStatus(status, code, message) {
  expect(status.code === code, `status is ${status.code} (${status.details}), expected ${code}`);
  if (message !== undefined) {
    expect(status.details === message, `status message is ${JSON.stringify(status.details)}`);
  }
}

const OK = grpc.status.OK;

/** A call with one response: `{ response, initial, status }`; `write` gets the call. */
function single(client, method, request, { metadata = new grpc.Metadata(), write = () => {} } = {}) {
  return new Promise((resolve) => {
    const ended = { response: undefined, initial: undefined, status: undefined };
    const given = request === undefined ? [metadata] : [request, metadata];
    const call = client[method](...given, (_, response) => ended.response = response);
    call.on("metadata", (initial) => ended.initial = initial);
    call.on("status", (status) => {
      ended.status = status;
      setImmediate(resolve, ended);
    });
    write(call);
  });
}

/** All responses of a stream: `{ responses, initial, status }`; `onResponse` gets each with the call. */
function collect(call, onResponse = () => {}) {
  return new Promise((resolve) => {
    const ended = { responses: [], initial: undefined, status: undefined };
    call.on("metadata", (initial) => ended.initial = initial);
    call.on("data", (response) => {
      ended.responses.push(response);
      onResponse(ended.responses.length);
    });
    call.on("error", () => {});
    call.on("status", (status) => {
      ended.status = status;
      setImmediate(resolve, ended);
    });
  });
}

function expectResponses({ responses }, sizes) {
  expect(responses.length === sizes.length, `${responses.length} responses, expected ${sizes.length}`);
  for (const [i, { payload }] of responses.entries()) expectPayload(payload, sizes[i]);
}

const exchange = (requestSize, size) => ({ responseParameters: [{ size }], payload: zeros(requestSize) });
const largeRequest = () => ({ responseSize: LARGE_RESPONSE, payload: zeros(LARGE_REQUEST) });

function expectEchoes({ initial, status }) {
  const [first] = initial.get(INITIAL);
  const [last] = status.metadata.get(TRAILING);
  expect(first === "test_initial_metadata_value", `initial metadata is ${first}`);
  expect(Buffer.from([0xab, 0xab, 0xab]).equals(last ?? Buffer.alloc(0)), `trailing metadata is ${last}`);
}

async function expectUnaryStatus(client, message) {
  const { status } = await single(client, "unaryCall", { responseStatus: { code: 2, message } });
  expectStatus(status, grpc.status.UNKNOWN, message);
}

const cases = {
  async empty_unary(client) {
    const { response, status } = await single(client, "emptyCall", {});
    expectStatus(status, OK);
    expect(response, "there is no response");
  },
  async large_unary(client) {
    const { response, status } = await single(client, "unaryCall", largeRequest());
    expectStatus(status, OK);
    expectPayload(response.payload, LARGE_RESPONSE);
  },
  async client_streaming(client) {
    const write = (call) => {
      for (const size of REQUEST_SIZES) call.write({ payload: zeros(size) });
      call.end();
    };
    const { response, status } = await single(client, "streamingInputCall", undefined, { write });
    expectStatus(status, OK);
    expect(
      response.aggregatedPayloadSize === 74922,
      `aggregated_payload_size is ${response.aggregatedPayloadSize}`,
    );
  },
  async server_streaming(client) {
    const responseParameters = RESPONSE_SIZES.map((size) => ({ size }));
    const ended = await collect(client.streamingOutputCall({ responseParameters }));
    expectStatus(ended.status, OK);
    expectResponses(ended, RESPONSE_SIZES);
  },
  async ping_pong(client) {
    const call = client.fullDuplexCall();
    const send = (i) => {
      if (i === REQUEST_SIZES.length) call.end();
      else call.write(exchange(REQUEST_SIZES[i], RESPONSE_SIZES[i]));
    };
    send(0);
    const ended = await collect(call, send);
    expectStatus(ended.status, OK);
    expectResponses(ended, RESPONSE_SIZES);
  },
  async empty_stream(client) {
    const call = client.fullDuplexCall();
    call.end();
    const ended = await collect(call);
    expectStatus(ended.status, OK);
    expectResponses(ended, []);
  },
  async custom_metadata(client) {
    const metadata = new grpc.Metadata();
    metadata.set(INITIAL, "test_initial_metadata_value");
    metadata.set(TRAILING, Buffer.from([0xab, 0xab, 0xab]));
    const unary = await single(client, "unaryCall", largeRequest(), { metadata });
    expectStatus(unary.status, OK);
    expectPayload(unary.response.payload, LARGE_RESPONSE);
    expectEchoes(unary);
    const call = client.fullDuplexCall(metadata);
    call.write(exchange(LARGE_REQUEST, LARGE_RESPONSE));
    call.end();
    const ended = await collect(call);
    expectStatus(ended.status, OK);
    expectResponses(ended, [LARGE_RESPONSE]);
    expectEchoes(ended);
  },
  async status_code_and_message(client) {
    const message = "test status message";
    await expectUnaryStatus(client, message);
    const call = client.fullDuplexCall();
    call.write({ responseStatus: { code: 2, message } });
    call.end();
    expectStatus((await collect(call)).status, grpc.status.UNKNOWN, message);
  },
  special_status_message: (client) =>
    expectUnaryStatus(client, "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"),
  async unimplemented_method(client) {
    expectStatus((await single(client, "unimplementedCall", {})).status, grpc.status.UNIMPLEMENTED);
  },
  async unimplemented_service(_, address) {
    const other = new UnimplementedService(address, channelCredentials());
    expectStatus((await single(other, "unimplementedCall", {})).status, grpc.status.UNIMPLEMENTED);
    other.close();
  },
  async cancel_after_begin(client) {
    const write = (call) => call.cancel();
    const { status } = await single(client, "streamingInputCall", undefined, { write });
    expectStatus(status, grpc.status.CANCELLED);
  },
  async cancel_after_first_response(client) {
    const call = client.fullDuplexCall();
    call.write(exchange(REQUEST_SIZES[0], RESPONSE_SIZES[0]));
    const ended = await collect(call, () => call.cancel());
    expectResponses(ended, [RESPONSE_SIZES[0]]);
    expectStatus(ended.status, grpc.status.CANCELLED);
  },
  async timeout_on_sleeping_server(client) {
    const call = client.fullDuplexCall({ deadline: Date.now() + 1 });
    call.write({ payload: zeros(REQUEST_SIZES[0]) });
    expectStatus((await collect(call)).status, grpc.status.DEADLINE_EXCEEDED);
  },
  async rpc_soak(client) {
    for (let i = 0; i < 10; i++) await cases.large_unary(client);
  },
  async channel_soak(_, address) {
    for (let i = 0; i < 10; i++) {
      const client = connect(address);
      await cases.large_unary(client);
      client.close();
    }
  },
};

function connect(address) {
  const options = {
    "grpc.use_local_subchannel_pool": 1, // or channels to one address share a connection
    "grpc.default_compression_algorithm": grpc.compressionAlgorithms[flags.compression],
  };
  return new TestService(address, channelCredentials(), options);
}

async function runClient(port, names) {
  const address = `127.0.0.1:${port}`;
  const client = connect(address);
  let failed = 0;
  for (const name of names.split(",")) {
    try {
      await cases[name](client, address);
      console.log(`ok ${name}`);
    } catch (error) {
      console.log(`FAILED ${name}: ${error.message}`);
      failed = 1;
    }
  }
  process.exit(failed);
}

const flags = readArguments("The interop tests on grpc-js.", {
  port: [0, "port to listen on, 0 for any"],
  server_port: [0, "port of the server"],
  test_case: ["", "cases, with commas between them"],
  compression: ["identity", "what the client compresses with; the server does not"],
  tls: ["", "folder of certificates"],
}, process.argv.slice(3));
if (process.argv[2] === "server") serve(flags.port);
else await runClient(flags.server_port, flags.test_case);
