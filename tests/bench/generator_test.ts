// The raw load generator must see every wrong answer: an error that looks fast would be worse than no figure.
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { execFile } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { loadProto, RpcError, Server, type ServerCall, type ServiceOf, Status, type Unary } from "pollwire";
import { callHeaders, HEADERS } from "../../bench/headers.mjs";
import setUp from "../../bench/contenders/pollwire/service.mjs";
import { LARGE_CALLS } from "../../bench/scenarios.mjs";
import { type Field, headerScript } from "../../bench/load/header_script.ts";
import { Decoder } from "../../transport/hpack/decoder.ts";
import type { HeaderList } from "../../transport/hpack/header_list.ts";
import { runtime, test } from "../harness.ts";

interface Payload {
  body?: Uint8Array;
}

const generator = fileURLToPath(new URL("../../bench/load/main.ts", import.meta.url));
type Handler = (request: Payload, call: ServerCall) => Payload;
const { Echo } = await loadProto<
  { Echo: ServiceOf<Record<"unary" | "traced" | "tagged", Unary<Payload, Payload>>> }
>(
  new URL("../../bench/echo.proto", import.meta.url),
);

/** Adds the service with `handler` for every method to a server. */
const answering = (handler: Handler) => (server: Server): void => {
  server.addService(Echo, { unary: handler, traced: handler, tagged: handler });
};

/** What the generator finds at a server that `serve` has set up. */
async function load(
  serve: (server: Server) => void,
  ...args: string[]
): Promise<{ count: number; wrong: number }> {
  const server = new Server({ maxReceiveMessageBytes: 2 ** 24 });
  serve(server);
  const port = await server.listen("127.0.0.1:0");
  const flags = runtime === "deno" ? ["run", "-A", "--no-check"] : ["run"];
  const all = [...flags, generator, `--port=${port}`, "--seconds=0.1", "--warm-up=50", "--calls=40", ...args];
  try {
    const output = await new Promise<string>((resolve, reject) => {
      const child = execFile(
        process.execPath,
        all,
        (error, stdout) => error === null ? resolve(stdout) : reject(error),
      );
      child.stdout!.on("data", (text) => /^(base|first|all)$/m.test(text) && child.stdin!.write("\n"));
    });
    return JSON.parse(output.trim().split("\n").at(-1)!);
  } finally {
    server.close();
    await server.shutdown();
  }
}

for (const bytes of [0, 16, 70_000]) {
  test(`generator: right answers of ${bytes} bytes are counted and none is wrong`, async () => {
    const { count, wrong } = await load(
      answering((request) => request),
      `--bytes=${bytes}`,
      "--streams=20",
      "--connections=3",
    );
    assertGreater(count, 20);
    assertEquals(wrong, 0);
  });
}

test("generator: an answer that differs in one byte is wrong", async () => {
  const { count, wrong } = await load(answering((request) => {
    const body = request.body!.slice();
    body[body.length - 1]! ^= 1;
    return { body };
  }));
  assertGreater(count, 0);
  assertEquals(wrong, count);
});

test("generator: an answer that is too short, and a status that is not OK, are wrong", async () => {
  const short = await load(answering((request) => ({ body: request.body!.subarray(1) })));
  assertEquals(short.wrong, short.count);
  const failed = await load(answering(() => {
    throw new RpcError(Status.INTERNAL, "no");
  }));
  assertGreater(failed.count, 0);
  assertEquals(failed.wrong, failed.count);
});

test("generator: large calls are checked, one after another, and one byte that differs is seen", async () => {
  const args = ["--kind=large", `--bytes=${2 ** 23}`];
  let calls = 0;
  const right = await load(answering((request) => (calls++, request)), ...args);
  assertEquals(right.wrong, 0);
  assertEquals(calls, 1 + LARGE_CALLS + right.count); // a small one, those that memory is looked at for, and the rest
  const { wrong, count } = await load(
    answering((request) => {
      const body = request.body!.slice();
      body[body.length >> 1]! ^= 1;
      return { body };
    }),
    ...args,
  );
  assertEquals(wrong, count);
});

test("generator: paced connections make a call a second each", async () => {
  const { count, wrong } = await load(
    answering((request) => request),
    "--kind=paced",
    "--connections=200",
    "--seconds=2",
  );
  assertEquals(wrong, 0);
  assertGreater(count, 200);
  assertLess(count, 800);
});

for (const headers of ["production", "five"]) {
  test(`generator: an answer without the headers of "${headers}" is wrong`, async () => {
    const { count, wrong } = await load(answering((request) => request), `--headers=${headers}`);
    assertGreater(count, 0);
    assertEquals(wrong, count);
  });

  test(`generator: an answer with another call's headers of "${headers}" is wrong`, async () => {
    const { echoed } = HEADERS[headers as "production"];
    let calls = 0;
    const { count, wrong } = await load(
      answering((request, call) => {
        const value = ++calls % 2 === 0 ? "another's" : call.metadata.get(echoed)!;
        call.sendMetadata({ [echoed]: value });
        return request;
      }),
      `--headers=${headers}`,
      "--streams=20",
    );
    assertGreater(wrong, 0);
    assertGreater(count, wrong);
  });
}

for (const headers of Object.keys(HEADERS)) {
  for (const indexing of ["go", "literal"]) {
    test(`generator: the bench's service answers "${headers}", sent as ${indexing}, rightly`, async () => {
      const { count, wrong } = await load(
        setUp,
        `--headers=${headers}`,
        `--indexing=${indexing}`,
        "--streams=20",
      );
      assertGreater(count, 0);
      assertEquals(wrong, 0);
    });
  }
}

for (const indexing of ["go", "literal"] as const) {
  for (const tableBytes of [4_096, 300, 0]) {
    test(`header script: ${indexing}, blocks are what they were made of, again and again, in ${tableBytes} octets`, () => {
      const common: Field[] = [[":method", "POST"], [":path", "/bench.Echo/Unary"], ["te", "trailers"]];
      const calls = callHeaders("production").slice(0, 40).map(({ metadata }) => ({
        common,
        own: Object.entries(metadata) as Field[],
      }));
      for (const given of [calls, calls.slice(0, 1)]) {
        const { blocks, loopsAt } = headerScript(given, indexing, tableBytes);
        const decoder = new Decoder({ maxTableSize: tableBytes, maxHeaderListSize: 65_536 });
        for (let call = 0, next = 0; call < 3 * given.length; call++) {
          const list = decoder.decode(blocks[next]!, 0, blocks[next]!.length);
          const { own } = given[call % given.length]!;
          assertEquals([...(list as HeaderList)], [...common, ...own]);
          if (++next === blocks.length) next = loopsAt;
        }
      }
    });
  }
}

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
