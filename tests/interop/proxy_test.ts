// gRPC's interop cases through the example proxy, which knows no schema: what passes without it passes with it.
import "../shared_engines.ts";
import { assertEquals } from "@std/assert";
import { Channel, Server } from "pollwire";
import { forwardTo } from "../../examples/proxy/forward.ts";
import { test } from "../harness.ts";
import { CASES, runCase } from "./cases.ts";
import { cpp, go, grpcJs, python, runClient, withServer } from "./peers.ts";
import { handlers, TestService } from "./service.ts";
import { SMALL_SOAK } from "./soak.ts";

const NAMES = Object.keys(CASES);
const LIMIT_MS = 20_000;

/** Runs `use` with the port of a proxy before the server at `backPort`. */
async function withProxy<T>(backPort: number, use: (port: number) => Promise<T>): Promise<T> {
  const proxy = new Server();
  const back = new Channel(`127.0.0.1:${backPort}`);
  proxy.addGenericService(forwardTo(back));
  try {
    return await use(await proxy.listen("127.0.0.1:0"));
  } finally {
    await proxy.shutdown({ graceMs: 0 });
    back.close();
  }
}

for (const name of NAMES) {
  test(`interop: through the proxy: ${name}`, async () => {
    const server = new Server();
    server.addService(TestService, handlers);
    const { failure } = await withProxy(await server.listen("127.0.0.1:0"), (port) => {
      const connect = () => new Channel(`127.0.0.1:${port}`);
      return runCase(name, connect, { soak: SMALL_SOAK, limitMs: LIMIT_MS });
    });
    await server.shutdown({ graceMs: 0 });
    assertEquals(failure, undefined);
  }, { timeoutMs: 2 * LIMIT_MS });
}

for (const [title, peer] of Object.entries({ "grpc-js": grpcJs, "C++": cpp, Go: go, Python: python })) {
  test(`interop: ${title} through the proxy to itself: every case`, async () => {
    const results = await withServer(
      peer,
      (port) => withProxy(port, (front) => runClient(peer, front, NAMES)),
    );
    assertEquals(Object.fromEntries(results), Object.fromEntries(NAMES.map((name) => [name, "ok"])));
  }, { timeoutMs: 120_000, ...peer.missing === undefined ? {} : { skip: peer.missing } });
}
