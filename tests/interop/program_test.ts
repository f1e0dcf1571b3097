// The programs themselves: their flags and exit codes, and that every case fails where the server is wrong.
import "../shared_engines.ts";
import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Channel, createClient, RpcError, Server, type ServiceHandlers, Status } from "pollwire";
import { Authority } from "../../examples/tls/authority.ts";
import { runtime, test } from "../harness.ts";
import { recordProcess } from "../process_record.ts";
import { peersAreRemote } from "../peers/remote.ts";
import { CASES, COMPRESSED_NAMES, runCase } from "./cases.ts";
import { type EchoStatus, handlers, type OutputRequest, type OutputResponse } from "./service.ts";
import { type SimpleRequest, TestService, UnimplementedService } from "./service.ts";
import { SMALL_SOAK } from "./soak.ts";

type Handlers = ServiceHandlers<typeof TestService>;

const NAMES = Object.keys(CASES);
const programs = {
  skip: peersAreRemote ? "what it starts is not found from Wine" : undefined,
  timeoutMs: 60_000,
};

/** Starts a program of this folder on the runtime of the tests. */
function start(script: string, args: readonly string[]): ChildProcess {
  const before = runtime === "deno" ? ["run", "-A", "--no-check", "--quiet"] : ["run"];
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [...before, path, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  recordProcess([script, ...args].join(" "), child);
  return child;
}

/** Runs client.ts to its end. */
function runClient(...args: string[]): Promise<{ code: number | null; output: string }> {
  const child = start("client.ts", args);
  let output = "";
  for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (text) => output += String(text));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, output })));
}

async function serving(broken: Handlers, use: (port: number) => Promise<void>): Promise<void> {
  const server = new Server();
  server.addService(TestService, { ...handlers, ...broken });
  try {
    await use(await server.listen("127.0.0.1:0"));
  } finally {
    await server.shutdown({ graceMs: 0 });
  }
}

async function failureOf(name: string, port: number, soak = SMALL_SOAK): Promise<string | undefined> {
  const connect = () => new Channel(`127.0.0.1:${port}`);
  return (await runCase(name, connect, { soak, limitMs: 10_000 })).failure;
}

/** Both programs, with flags of the server and of the client, pass every case. */
async function pass(
  serverFlags: readonly string[],
  clientFlags: readonly string[],
  cases = "all",
  names = NAMES,
): Promise<void> {
  const server = start("server.ts", ["--port=0", ...serverFlags]);
  // Deno gives the signal that was sent instead of the code that the program ended with.
  const ended = new Promise<number>((resolve) =>
    server.on("close", (code, signal) => resolve(code ?? (signal === "SIGTERM" ? 0 : 1)))
  );
  let output = "";
  server.stderr!.on("data", (text) => output += String(text));
  const listening = new Promise<string>((resolve) =>
    server.stdout!.on("data", (text) => resolve(/listening (\d+)/.exec(output += String(text))?.[1] ?? ""))
  );
  const early = ended.then(() => "");
  try {
    const port = await Promise.race([listening, early]);
    const args = ["--server_host=127.0.0.1", `--server_port=${port}`, `--test_case=${cases}`];
    const client = await runClient(...args, ...clientFlags);
    for (const name of names) assertMatch(client.output, new RegExp(`^ok ${name} `, "m"));
    assertStringIncludes(client.output, `${names.length} of ${names.length} passed`);
    assertEquals(client.code, 0, output);
  } finally {
    server.kill("SIGTERM");
    assertEquals(await ended, 0, output);
  }
}

test(
  "interop: client and server as programs pass every case",
  () => pass(["--use_tls=false"], ["--use_tls=false"]),
  programs,
);

test(
  "[C73] interop: client and server as programs pass the cases of compression",
  () => pass([], [], COMPRESSED_NAMES.join(), [...COMPRESSED_NAMES]),
  programs,
);

test(
  "interop: client and server as programs pass every case over TLS, with a test authority and another host",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "interop-"));
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    try {
      const authority = new Authority();
      const shown = authority.issue({ name: "server", dns: ["*.test.google.fr"] });
      const [ca, cert, key] = [file("ca", authority.cert), file("cert", shown.cert), file("key", shown.key)];
      const trusting = ["--use_tls", "--use_test_ca", `--ca_file=${ca}`];
      await pass(["--use_tls", `--tls_cert_file=${cert}`, `--tls_key_file=${key}`], [
        ...trusting,
        "--server_host_override=foo.test.google.fr",
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  programs,
);

test(
  "interop: the client ends with 1 and says which case failed, and why",
  () =>
    serving({ unaryCall: () => ({ payload: { body: new Uint8Array(3) } }) }, async (port) => {
      const args = [
        "--server_host=127.0.0.1",
        `--server_port=${port}`,
        "--test_case=large_unary,empty_unary",
      ];
      const { code, output } = await runClient(...args);
      assertStringIncludes(output, "FAILED large_unary: the size of the response is 3, expected 314159");
      assertMatch(output, /^ok empty_unary /m);
      assertStringIncludes(output, "1 of 2 passed");
      assertEquals(code, 1);
    }),
  programs,
);

for (
  const [flag, says] of [
    ["--test_case=large_unray", `Cannot run "large_unray": there are empty_unary, `],
    ["--use_tls --use_test_ca", "give its certificate as --ca_file=FILE"],
    ["--server_prot=1", "--server_port"],
  ] as const
) {
  test(`interop: the client ends with 2 for ${flag}, and says what there is`, async () => {
    const { code, output } = await runClient(...flag.split(" "));
    assertStringIncludes(output, says);
    assertEquals(code, 2);
  }, programs);
}

const echo = (status: EchoStatus | undefined): never => {
  throw new RpcError(status!.code!, status!.message!);
};
const zeros = (size: number) => ({ payload: { body: new Uint8Array(size) } });
async function* responses(...sizes: number[]): AsyncGenerator<OutputResponse> {
  for (const size of sizes) yield await Promise.resolve(zeros(size));
}

/** A case, a server that is wrong, and what the case says of it. */
const WRONG: ReadonlyArray<readonly [name: string, broken: Handlers, says: string]> = [
  ["empty_unary", { emptyCall: () => echo({ code: 13, message: "no" }) }, "INTERNAL: no"],
  ["large_unary", { unaryCall: () => ({}) }, "the size of the response is 0, expected 314159"],
  [
    "large_unary",
    { unaryCall: () => ({ payload: { body: new Uint8Array(314159).fill(1, 5) } }) },
    "byte 5 of the response is 1, expected 0",
  ],
  [
    "client_streaming",
    { streamingInputCall: () => ({ aggregatedPayloadSize: 74921 }) },
    "aggregated_payload_size is 74921, expected 74922",
  ],
  [
    "server_streaming",
    { streamingOutputCall: () => responses(31415, 9, 2653) },
    'the sizes of the responses is "31415, 9, 2653", expected "31415, 9, 2653, 58979"',
  ],
  ["ping_pong", { fullDuplexCall: () => responses(31415) }, "the call ended after 1 responses, expected 4"],
  [
    "ping_pong",
    {
      async *fullDuplexCall(requests: AsyncIterable<OutputRequest>) {
        for await (const { responseParameters } of requests) yield zeros(responseParameters![0]!.size!);
        yield zeros(1);
      },
    },
    "responses after half-close is 1, expected 0",
  ],
  ["empty_stream", { fullDuplexCall: () => responses(0) }, "the number of responses is 1, expected 0"],
  [
    "custom_metadata",
    { unaryCall: () => zeros(314159) },
    "initial metadata x-grpc-test-echo-initial of UnaryCall",
  ],
  [
    "custom_metadata",
    {
      fullDuplexCall(_: AsyncIterable<OutputRequest>, call) {
        call.sendMetadata({ "x-grpc-test-echo-initial": "test_initial_metadata_value" });
        return responses(314159);
      },
    },
    "trailing metadata x-grpc-test-echo-trailing-bin of FullDuplexCall",
  ],
  [
    "status_code_and_message",
    { unaryCall: ({ responseStatus }: SimpleRequest) => echo({ ...responseStatus, code: 10 }) },
    "the status of UnaryCall is ABORTED (test status message), expected UNKNOWN",
  ],
  [
    "status_code_and_message",
    { fullDuplexCall: () => responses() },
    "the status of FullDuplexCall is OK, expected UNKNOWN",
  ],
  [
    "special_status_message",
    {
      unaryCall: ({ responseStatus }: SimpleRequest) =>
        echo({ ...responseStatus, message: responseStatus!.message!.trim() }),
    },
    "the status message of UnaryCall is",
  ],
  [
    "unimplemented_method",
    { unimplementedCall: () => ({}) },
    "the status of UnimplementedCall is OK, expected UNIMPLEMENTED",
  ],
  [
    "cancel_after_first_response",
    { fullDuplexCall: () => responses(1) },
    "the size of the first response is 1, expected 31415",
  ],
  [
    "client_compressed_unary",
    { unaryCall: () => zeros(314159) },
    "the status of the probe is OK, expected INVALID_ARGUMENT",
  ],
  [
    "client_compressed_streaming",
    { streamingInputCall: () => ({ aggregatedPayloadSize: 73086 }) },
    "the status of the probe is OK, expected INVALID_ARGUMENT",
  ],
  [
    "server_compressed_unary",
    { unaryCall: () => zeros(314159) },
    'whether the response is compressed is "false", expected "true"',
  ],
  [
    "server_compressed_streaming",
    {
      streamingOutputCall(_, call) {
        call.compression = "deflate";
        return responses(31415, 92653);
      },
    },
    'whether each response is compressed is "true,true", expected "true,false"',
  ],
  ["rpc_soak", { unaryCall: () => zeros(1) }, "10 of 10 calls failed or took more than 1000 ms, 0 may"],
  ["channel_soak", { unaryCall: () => zeros(1) }, "the first is call 1: the size of the response is 1"],
];

for (const [i, [name, broken, says]] of WRONG.entries()) {
  test(`interop: ${name} fails where the server is wrong (${i + 1})`, () =>
    serving(broken, async (port) => assertStringIncludes(await failureOf(name, port) ?? "passed", says)));
}

test("interop: unimplemented_service fails where the service is served", async () => {
  const server = new Server();
  server.addService(UnimplementedService, { unimplementedCall: () => ({}) });
  const failure = await failureOf("unimplemented_service", await server.listen("127.0.0.1:0"));
  assertEquals(failure, "the status of UnimplementedService is OK, expected UNIMPLEMENTED");
  await server.shutdown({ graceMs: 0 });
});

test("interop: a soak fails where calls are slow or there is no time for them, and as often as it may not", async () => {
  let calls = 0;
  const unaryCall = () => zeros(calls++ === 1 ? 0 : SMALL_SOAK.responseSize);
  await serving({ unaryCall }, async (port) => {
    const three = { ...SMALL_SOAK, iterations: 3 };
    assertEquals(await failureOf("rpc_soak", port, { ...three, maxFailures: 1 }), undefined);
    calls = 0;
    assertStringIncludes(await failureOf("rpc_soak", port, three) ?? "passed", "1 of 3 calls failed");
    assertStringIncludes(
      await failureOf("rpc_soak", port, { ...three, maxLatencyMs: 0 }) ?? "",
      "call 1 took ",
    );
    const none = await failureOf("channel_soak", port, { ...three, overallLimitMs: 0 });
    assertEquals(none, "only 0 of 3 calls were made within 0 ms");
  });
});

test("interop: a case without a server says that it cannot connect", async () => {
  const server = new Server();
  const port = await server.listen("127.0.0.1:0");
  await server.shutdown();
  assertStringIncludes(await failureOf("empty_unary", port) ?? "passed", "UNAVAILABLE");
});

test("interop: the server answers what no case asks for as its description says", () =>
  serving({}, async (port) => {
    const channel = new Channel(`127.0.0.1:${port}`);
    const client = createClient(TestService, channel);
    for (const request of [{ responseType: 7 }, { responseSize: -1 }]) {
      const error = await assertRejects(async () => void await client.unaryCall(request), RpcError);
      assertEquals(error.code, Status.INVALID_ARGUMENT);
    }
    const late = { size: 2, intervalUs: 2_000_000_000 };
    const asked = new AbortController();
    const responses = client.streamingOutputCall(
      { responseParameters: [{ size: 1, intervalUs: 1_000 }, late] },
      { signal: asked.signal },
    )[Symbol.asyncIterator]();
    assertEquals((await responses.next()).value!.payload!.body!.length, 1);
    const second = responses.next();
    await client.emptyCall({}); // what the server sends without waiting is here before its answer to this
    asked.abort();
    assertEquals((await assertRejects(() => second, RpcError)).code, Status.CANCELLED);
    channel.close();
  }));
