// Which operation of Deno begins first where a read and a write are due together: the write, for the peer waits for it.
import { assertEquals } from "@std/assert";
import { type Endpoint, SliceBuffer } from "../../../pollers/mod.ts";
import { nativeFactory } from "../../../pollers/native/mod.ts";
import { runtime, test } from "../../harness.ts";
import { withEngine } from "../promised.ts";

type Operation = "read" | "write";
type Methods = Record<Operation, (...given: unknown[]) => unknown>;

interface DenoNet {
  listen(options: object): { addr: { port: number }; accept(): Promise<{ close(): void }>; close(): void };
  connect(options: object): Promise<{ close(): void }>;
}

const skip = runtime === "deno" ? undefined : "Bun's sockets have no reads that begin";

test(
  "a read and a write of one turn begin with the write, and the read at once after it",
  () =>
    watched((endpoint, begun) => {
      read(endpoint);
      write(endpoint);
      assertEquals(begun, ["write", "read"]);
    }),
  { skip },
);

test("a read begins after a write that continuations of its turn cause", () =>
  watched((endpoint) => {
    read(endpoint);
    let steps = Promise.resolve();
    for (let i = 0; i < 4; i++) steps = steps.then(() => {});
    void steps.then(() => write(endpoint));
  }), { skip });

test(
  "a read begins without a write, in the same iteration of the loop",
  () =>
    watched(async (endpoint, begun) => {
      read(endpoint);
      await new Promise((resolve) => setImmediate(resolve));
      assertEquals(begun, ["read"]);
      write(endpoint);
    }, ["read", "write"]),
  { skip },
);

function read(endpoint: Endpoint): void {
  endpoint.read(new SliceBuffer(), () => {});
}

function write(endpoint: Endpoint): void {
  const data = new SliceBuffer();
  data.append(new Uint8Array(1));
  endpoint.write(data, () => {});
}

/** Checks in which order `act` makes the operations of Deno begin on an endpoint. */
async function watched(
  act: (endpoint: Endpoint, begun: readonly Operation[]) => void | Promise<void>,
  expected: Operation[] = ["write", "read"],
): Promise<void> {
  const begun: Operation[] = [];
  await withEngine(nativeFactory, async (engine) => {
    const [endpoint, other] = await engine.pair();
    const restore = await watchOperations(begun);
    try {
      await act(endpoint, begun);
      await new Promise((resolve) => setTimeout(resolve, 0));
      assertEquals(begun, expected);
    } finally {
      restore();
      endpoint.close();
      other.close();
    }
  });
}

/** Records operations of all connections in `begun`; gives what ends that. */
async function watchOperations(begun: Operation[]): Promise<() => void> {
  const { Deno } = globalThis as unknown as { Deno: DenoNet };
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [one, other] = await Promise.all([
    Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
    listener.accept(),
  ]);
  [one, other, listener].forEach((open) => open.close());
  const methods = Object.getPrototypeOf(one) as Methods;
  const originals = { read: methods.read, write: methods.write };
  for (const name of ["read", "write"] as const) {
    methods[name] = function (this: unknown, ...given) {
      begun.push(name);
      return originals[name].apply(this, given);
    };
  }
  return () => void Object.assign(methods, originals);
}
