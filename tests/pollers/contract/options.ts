// Rule 12: the options of an endpoint are those of its socket, as the kernel has them.
import { assert, assertEquals } from "@std/assert";
import { runtime } from "../../harness.ts";
import type { Endpoint, EndpointOptions } from "../../../pollers/mod.ts";
import { LOOPBACK, withEngine } from "../promised.ts";
import { noOptions, type SocketOptions, socketOptions } from "../socket_options.ts";
import type { Suite } from "./suite.ts";
import { callsLinux } from "../powers.ts";

/** What is asked, and what must be true of the socket. */
const CASES: ReadonlyArray<readonly [EndpointOptions, Partial<SocketOptions>]> = [
  [{}, { noDelay: true, keepAlive: false }],
  [{ noDelay: true }, { noDelay: true, keepAlive: false }],
  [{ noDelay: false }, { noDelay: false, keepAlive: false }],
  [{ keepAliveMs: 30_000 }, { noDelay: true, keepAlive: true, keepIdle: 30 }],
  [{ keepAliveMs: 1_001, noDelay: false }, { noDelay: false, keepAlive: true, keepIdle: 2 }],
  [{ keepAliveMs: 1 }, { keepAlive: true, keepIdle: 1 }],
  [{ keepAliveMs: 2 ** 31 }, { keepAlive: true, keepIdle: 32_767 }],
  [{ keepAliveMs: Infinity }, { keepAlive: true, keepIdle: 32_767 }],
  [{}, { keepAlive: false, userTimeout: 0 }],
  [{ userTimeoutMs: 20_000 }, { noDelay: true, keepAlive: false, userTimeout: 20_000 }],
  [{ userTimeoutMs: 0.5 }, { keepAlive: false, userTimeout: 1 }],
  [{ userTimeoutMs: 2 ** 32 + 1 }, { keepAlive: false, userTimeout: 2 ** 31 - 1 }],
  [{ userTimeoutMs: Infinity }, { keepAlive: false, userTimeout: 2 ** 31 - 1 }],
];

/** Tests of `EndpointOptions`. */
export function optionRules({ factory, made, rule }: Suite): void {
  const asksTheSystem = made.poller === "native" && runtime === "deno"; // it cannot say when probes begin
  const setsUserTimeout = callsLinux(made.poller); // no runtime has a function for it
  rule(
    "12 the options of an endpoint are those of its socket, connected and accepted",
    () =>
      withEngine(factory, async (engine) => {
        for (const [options, expected] of CASES) {
          const accepting = Promise.withResolvers<Endpoint>();
          const listener = engine.listen(options, accepting.resolve, () => {});
          const port = await listener.bind(LOOPBACK);
          assert(port.ok);
          listener.start();
          const to = { family: "ipv4", host: "127.0.0.1", port: port.value } as const;
          const connected = await new Promise<Endpoint>((resolve, reject) => {
            engine.connect(to, options, (result) => result.ok ? resolve(result.value) : reject(result.error));
          });
          const accepted = await accepting.promise;
          for (const endpoint of [connected, accepted]) {
            const { noDelay, keepAlive, keepIdle, userTimeout } = socketOptions(
              endpoint.local,
              endpoint.peer,
            );
            const found: Partial<SocketOptions> = {
              ...("noDelay" in expected ? { noDelay } : {}),
              keepAlive,
              ...("keepIdle" in expected ? { keepIdle: asksTheSystem ? expected.keepIdle! : keepIdle } : {}),
              ...("userTimeout" in expected
                ? { userTimeout: setsUserTimeout ? userTimeout : expected.userTimeout! }
                : {}),
            };
            assertEquals(
              found,
              expected,
              `${JSON.stringify(options)}, ${endpoint === connected ? "connected" : "accepted"}`,
            );
          }
          connected.close();
          accepted.close();
          listener.shutdown();
        }
      }),
    { skip: noOptions },
  );
}
