// gRPC's interop cases through the example proxy, which knows no schema: what passes without it passes with it.
import { assertEquals } from "@std/assert";
import { Channel, Server } from "pollwire";
import { forwardTo } from "../../examples/proxy/forward.ts";
import { test } from "../harness.ts";
import { CASES, runCase } from "./cases.ts";
import { handlers, TestService } from "./service.ts";
import { SMALL_SOAK } from "./soak.ts";

const LIMIT_MS = 20_000;

for (const name of Object.keys(CASES)) {
  test(`interop: through the proxy: ${name}`, async () => {
    const [server, proxy] = [new Server(), new Server()];
    server.addService(TestService, handlers);
    const back = new Channel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
    proxy.addGenericService(forwardTo(back));
    const port = await proxy.listen("127.0.0.1:0");
    try {
      const connect = () => new Channel(`127.0.0.1:${port}`);
      const { failure } = await runCase(name, connect, { soak: SMALL_SOAK, limitMs: LIMIT_MS });
      assertEquals(failure, undefined);
    } finally {
      await proxy.shutdown({ graceMs: 0 });
      back.close();
      await server.shutdown({ graceMs: 0 });
    }
  }, { timeoutMs: 2 * LIMIT_MS });
}
