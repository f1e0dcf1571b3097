// TLS meets plaintext, or HTTP/1: both sides say what was met, and what to do.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  Channel,
  type ChannelOptions,
  createClient,
  insecure,
  type Logger,
  Server,
  Status,
  tls,
} from "pollwire";
import { Authority } from "../../../examples/tls/authority.ts";
import { SliceBuffer } from "../../../pollers/contract/slice_buffer.ts";
import { NODE_TLS } from "../../../transport/tls/node/context.ts";
import { OPENSSL } from "../../../transport/tls/openssl/provider.ts";
import { useEngine } from "../../../surface/full/engines.ts";
import { test } from "../../harness.ts";
import { echo, failure, Trial, until } from "../serving.ts";

const authority = new Authority();
const shown = authority.issue({ name: "server", dns: ["localhost"], ip: ["127.0.0.1"] });

/** A logger, and what it was given at level "info". */
function notebook(): { readonly logger: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  const logger: Logger = { error() {}, warn() {}, info: (line) => void lines.push(line), debug() {} };
  return { logger, lines };
}

async function refusal(port: number, options: ChannelOptions): Promise<string> {
  await using channel = new Channel(`127.0.0.1:${port}`, options);
  const error = await failure(createClient(Trial, channel).one({}));
  assertEquals(error.code, Status.UNAVAILABLE);
  return error.details;
}

/** A server that answers the first bytes of each client with `answer`, and closes then. */
async function answering(answer: Uint8Array, body: (port: number) => Promise<void>): Promise<void> {
  const { engine, end } = useEngine();
  const listener = engine.listen({}, (endpoint) => {
    const answered = (): void => {
      const data = new SliceBuffer();
      data.append(answer.slice());
      if (endpoint.write(data, () => endpoint.close())) endpoint.close();
    };
    if (endpoint.read(new SliceBuffer(), answered)) answered();
  }, () => {});
  const bound = await listener.bind({ family: "ipv4", host: "127.0.0.1", port: 0 });
  assert(bound.ok);
  listener.start();
  await body(bound.value).finally(() => listener.shutdown());
  await end();
}

for (const { name: provider, probe } of [OPENSSL, NODE_TLS]) {
  const probed = probe();
  const leaves = provider === "node"
    ? { leaves: "a runtime's TLS sockets have timers that end after them" }
    : {};
  const options = probed.usable ? leaves : { skip: probed.because };
  const secure = (): ChannelOptions => ({ credentials: tls.client({ ca: authority.cert, provider }) });

  test(`${provider}: plaintext to a server that wants TLS: both sides say so`, async () => {
    const { logger, lines } = notebook();
    const server = new Server({ credentials: tls.server({ ...shown, provider }), logger });
    const port = await server.listen("127.0.0.1:0");
    const details = await refusal(port, { credentials: insecure });
    assertStringIncludes(
      details,
      "peer speaks TLS, and this connection is plaintext: give credentials for TLS",
    );
    await until(() => lines.length > 0);
    assertMatch(
      lines[0]!,
      /^no secure connection with .*: it speaks HTTP\/2 without TLS, and this server wants TLS$/,
    );
    await server.shutdown();
  }, options);

  test(`${provider}: TLS to a server of plaintext: both sides say so`, async () => {
    const { logger, lines } = notebook();
    const server = new Server({ logger });
    server.addService(Trial, echo);
    const port = await server.listen("127.0.0.1:0");
    const details = await refusal(port, secure());
    assertStringIncludes(
      details,
      "TLS handshake failed: the server speaks HTTP/2 without TLS",
    );
    await until(() => lines.length > 0);
    assertMatch(
      lines[0]!,
      /^no connection with .*: client speaks TLS, and this server is plaintext: give it cred/,
    );
    await server.shutdown();
  }, options);
}

test("plaintext to a server that says by an alert, whole or with more, that it speaks TLS", async () => {
  const alert = Uint8Array.of(21, 3, 1, 0, 2, 2, 10);
  for (const answer of [alert, Uint8Array.of(...alert, ...alert)]) {
    await answering(answer, async (port) => {
      assertStringIncludes(await refusal(port, { credentials: insecure }), "peer speaks TLS");
    });
  }
});
