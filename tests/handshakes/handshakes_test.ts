// A short form of `npm run handshakes`: on this runtime and poller, by each provider.
import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { OPENSSL } from "../../transport/tls/openssl/provider.ts";
import { runtime, test } from "../harness.ts";
import { nodeMissing } from "../peers/processes.ts";
import { peersAreRemote } from "../peers/remote.ts";
import { handshakes, MOST_DESCRIPTORS, seeded, startServer } from "./handshakes.mjs";

const HANDSHAKES = 600;

/** What the process may have more after them: a runtime's heap has grown by 30 by then. */
const MOST_MB = 64;

for (const provider of ["openssl", "node"]) {
  const probed = OPENSSL.probe();
  const missing = provider === "openssl" && !probed.usable ? probed.because : undefined;
  const remote = peersAreRemote ? "what it starts is not found from Wine" : undefined;
  test(
    `TLS by ${provider}: of ${HANDSHAKES} handshakes, half of them cut off somewhere, no connection and little memory is left`,
    async () => {
      const poller = process.env["POLLWIRE_POLLER"] || "native";
      const server = await startServer({ runtime, provider, poller });
      try {
        await handshakes(server.port, 100, seeded(1));
        const before = await server.resources();
        let done = 0;
        await handshakes(server.port, HANDSHAKES, seeded(2), () => done++);
        const after = await server.resources();
        assertEquals(done, HANDSHAKES);
        const open = (after.descriptors ?? 0) - (before.descriptors ?? 0);
        assert(open <= MOST_DESCRIPTORS, `${open} descriptors more are open`);
        const grown = (after.rss - before.rss) / 2 ** 20;
        assert(grown < MOST_MB, `${grown.toFixed(0)} MB were left`);
      } finally {
        await server.stop();
      }
    },
    { skip: remote ?? nodeMissing ?? missing, timeoutMs: 60_000 },
  );
}
