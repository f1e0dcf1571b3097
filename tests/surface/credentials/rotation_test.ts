// Certificates, keys and authorities that are replaced under load, in folders as Kubernetes replaces them: no call fails.
import { assert, assertEquals } from "@std/assert";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Channel,
  type ChannelCredentials,
  createClient,
  pemFiles,
  Server,
  tls,
  type TlsClientOptions,
  type TlsServerOptions,
} from "pollwire";
import { Authority } from "../../../examples/tls/authority.ts";
import type { TlsProvider } from "../../../transport/tls/config.ts";
import { NODE_TLS } from "../../../transport/tls/node/context.ts";
import { OPENSSL } from "../../../transport/tls/openssl/provider.ts";
import { test } from "../../harness.ts";
import { echo, type Note, Trial, until } from "../serving.ts";

const CHANGES = 3;
const CHANNELS = 20;
const CALLS_EACH = 10;
/** Calls of one caller on one channel; then it makes another one, so that there are new connections all the time. */
const TURNS = 10;

/** A mounted volume: names are links into "..data", which is a link to the folder of one version. */
class Volume {
  readonly folder = mkdtempSync(join(tmpdir(), "pollwire-volume-"));

  /** The path of one file, whatever version it is of. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /** Has all files change at once. */
  swap(version: string, files: Readonly<Record<string, string>>): void {
    mkdirSync(this.path(`..${version}`));
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(this.path(`..${version}`), name), text);
    }
    symlinkSync(`..${version}`, this.path("..next"));
    renameSync(this.path("..next"), this.path("..data"));
    if (version !== "0") return;
    for (const name of Object.keys(files)) symlinkSync(join("..data", name), this.path(name));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** Generations of both sides. Each trusts the authorities before and after its own, for the sides do not change as one. */
class Rotation {
  readonly server = new Volume();
  readonly client = new Volume();
  private readonly authorities = Array.from({ length: CHANGES + 2 }, (_, i) => new Authority(`CA ${i}`));

  /** Has both sides be of generation `now`. */
  turn(now: number): void {
    const authority = this.authorities[now]!;
    const ca = this.authorities.slice(Math.max(0, now - 1), now + 2).map(({ cert }) => cert).join("");
    const shown = authority.issue({ name: "server", dns: ["localhost"] });
    const own = authority.issue({ name: "client" });
    this.server.swap(String(now), { "tls.crt": shown.cert, "tls.key": shown.key, "ca.crt": ca });
    this.client.swap(String(now), { "tls.crt": own.cert, "tls.key": own.key, "ca.crt": ca });
  }

  remove(): void {
    this.server.remove();
    this.client.remove();
  }
}

/** Calls until `isOver`, over channels that come and go; what fails is thrown. */
async function load(
  target: string,
  credentials: ChannelCredentials,
  load: { calls: number; isOver: boolean },
): Promise<void> {
  while (!load.isOver) {
    const channel = new Channel(target, { credentials, shareConnections: false });
    const client = createClient(Trial, channel);
    await Promise.all(Array.from({ length: CALLS_EACH }, async (_, caller) => {
      for (let turn = 0; turn < TURNS && !load.isOver; turn++) {
        assertEquals((await client.one({ number: caller })).number, caller);
        load.calls++;
      }
    }));
    channel.close();
  }
}

/** A stream that stands all the time: certificates are of connections that begin. */
async function standing(
  target: string,
  credentials: ChannelCredentials,
  load: { readonly isOver: boolean },
): Promise<number> {
  const channel = new Channel(target, { credentials, shareConnections: false });
  async function* requests(): AsyncGenerator<Note> {
    for (let number = 0; !load.isOver; number++) {
      yield { number };
      await until(() => load.isOver || answered > number);
    }
  }
  let answered = 0;
  for await (const { number } of createClient(Trial, channel).both(requests())) {
    assertEquals(number, 2 * answered);
    answered++;
  }
  channel.close();
  return answered;
}

function suite({ name: provider, probe }: TlsProvider): void {
  const probed = probe();
  const leaves = provider === "node"
    ? { leaves: "a runtime's TLS sockets have timers that end after them" }
    : {};
  const options = probed.usable ? leaves : { skip: probed.because };

  test(
    `[C87] ${provider}: ${
      CHANNELS * CALLS_EACH
    } calls at once while certificates, keys and authorities change ${CHANGES} times`,
    async () => {
      const rotation = new Rotation();
      rotation.turn(0);
      const { server: mounted, client: own } = rotation;
      const problems: unknown[] = [];
      const onError = (error: unknown): void => void problems.push(error);
      /** Issuers of what clients showed, and of what servers did. */
      const seen = { clients: new Set<string>(), servers: new Set<string>() };
      const server = new Server({
        onError,
        credentials: tls.server(pemFiles<TlsServerOptions>({
          cert: mounted.path("tls.crt"),
          key: mounted.path("tls.key"),
          clientCa: mounted.path("ca.crt"),
          provider,
        })),
      });
      server.addService(Trial, {
        ...echo,
        one: (request, call) => {
          seen.clients.add(call.security!.peerCertificate!.issuer);
          return request;
        },
      });
      const target = `localhost:${await server.listen("127.0.0.1:0")}`;
      const credentials = tls.client(pemFiles<TlsClientOptions>({
        cert: own.path("tls.crt"),
        key: own.path("tls.key"),
        ca: own.path("ca.crt"),
        provider,
        verifyPeer: ({ peerCertificate }) => {
          seen.servers.add(peerCertificate!.issuer);
          return true;
        },
      }));
      const running = { calls: 0, isOver: false };
      const all = Promise.all([
        standing(target, credentials, running),
        ...Array.from({ length: CHANNELS }, () => load(target, credentials, running)),
      ]);
      let failed: unknown = undefined;
      all.catch((error) => failed = error);
      const generation = (now: number): Promise<void> =>
        until(() =>
          failed !== undefined || (seen.clients.has(`CN=CA ${now}`) && seen.servers.has(`CN=CA ${now}`))
        );
      for (let now = 0; now <= CHANGES; now++) {
        if (now > 0) rotation.turn(now);
        await generation(now);
        const before = running.calls;
        await until(() => failed !== undefined || running.calls >= before + 2 * CHANNELS * CALLS_EACH);
      }
      running.isOver = true;
      const [answered] = await all;
      await server.shutdown();
      rotation.remove();
      assertEquals(problems, []);
      assertEquals([seen.clients.size, seen.servers.size], [CHANGES + 1, CHANGES + 1]);
      assert((answered as number) > 0);
    },
    { ...options, timeoutMs: 60_000 },
  );
}

suite(OPENSSL);
suite(NODE_TLS);
