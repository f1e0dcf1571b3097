// The raw load generator must see every wrong answer: an error that looks fast would be worse than no figure.
import { assert, assertEquals, assertGreater } from "@std/assert";
import { execFile } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { loadProto, RpcError, Server, type ServiceOf, Status, type Unary } from "pollwire";
import { runtime, test } from "../harness.ts";

interface Payload {
  body?: Uint8Array;
}

const generator = fileURLToPath(new URL("../../bench/load/main.ts", import.meta.url));
const { Echo } = await loadProto<{ Echo: ServiceOf<{ unary: Unary<Payload, Payload> }> }>(
  new URL("../../bench/echo.proto", import.meta.url),
);

/** What the generator finds at a server that answers by `unary`. */
async function load(
  unary: (request: Payload) => Payload,
  ...args: string[]
): Promise<{ count: number; wrong: number }> {
  const server = new Server();
  server.addService(Echo, { unary });
  const port = await server.listen("127.0.0.1:0");
  const flags = runtime === "deno" ? ["run", "-A", "--no-check"] : ["run"];
  const all = [...flags, generator, `--port=${port}`, "--seconds=0.2", "--warm-up=50", ...args];
  try {
    const output = await new Promise<string>((resolve, reject) =>
      execFile(process.execPath, all, (error, stdout) => error === null ? resolve(stdout) : reject(error))
    );
    return JSON.parse(output.trim().split("\n").at(-1)!);
  } finally {
    server.close();
    await server.shutdown();
  }
}

for (const bytes of [0, 16, 70_000]) {
  test(`generator: right answers of ${bytes} bytes are counted and none is wrong`, async () => {
    const { count, wrong } = await load(
      (request) => request,
      `--bytes=${bytes}`,
      "--streams=20",
      "--connections=3",
    );
    assertGreater(count, 20);
    assertEquals(wrong, 0);
  });
}

test("generator: an answer that differs in one byte is wrong", async () => {
  let calls = 0;
  const { wrong } = await load((request) => {
    const body = request.body!.slice();
    if (++calls % 10 === 0) body[body.length - 1]! ^= 1;
    return { body };
  });
  assertGreater(wrong, 0);
});

test("generator: an answer that is too short, and a status that is not OK, are wrong", async () => {
  const short = await load((request) => ({ body: request.body!.subarray(1) }));
  assertEquals(short.wrong, short.count);
  const failed = await load(() => {
    throw new RpcError(Status.INTERNAL, "no");
  });
  assertGreater(failed.count, 0);
  assertEquals(failed.wrong, failed.count);
});

test("generator: a port where nobody listens is an error, not a fast zero", async () => {
  const server = new Server();
  const port = await server.listen("127.0.0.1:0");
  await server.shutdown();
  const flags = runtime === "deno" ? ["run", "-A", "--no-check"] : ["run"];
  const stderr = await new Promise<string>((resolve) =>
    execFile(process.execPath, [...flags, generator, `--port=${port}`], (_error, _out, text) => resolve(text))
  );
  assert(stderr.includes("connect to 127.0.0.1"), stderr);
});
