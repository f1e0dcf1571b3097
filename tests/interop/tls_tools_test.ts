// TLS beside programs that everybody has: openssl s_client and s_server, curl, and nginx, which ends TLS before us.
import "../shared_engines.ts";
import { assertEquals, assertMatch } from "@std/assert";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Channel, createClient, Server, type ServerOptions, Status, tls } from "pollwire";
import { test } from "../harness.ts";
import { peersAreRemote } from "../peers/remote.ts";
import { recordProcess } from "../process_record.ts";
import { echo, failure, Trial, until } from "../surface/serving.ts";
import { authority, certificateFolder, CLIENT, own, shown } from "./certificates.ts";
import { freePort } from "../free_port.ts";
import { behindNginx, nginxMissing } from "./nginx.ts";

const leaves = "a runtime's TLS sockets have timers that end after them";
const file = (name: string): string => join(certificateFolder(), name);
const CA = ["-CAfile", file("ca.pem")];

/** Why `command` cannot be used here, or undefined. */
function missing(
  command: string,
  args: readonly string[],
  has: RegExp,
  packages: string,
): string | undefined {
  if (peersAreRemote) return "only scripts of Node are started from Wine";
  const { error, stdout } = spawnSync(command, args, { encoding: "utf8" });
  return error === undefined && has.test(stdout) ? undefined : `no ${command} (Debian: ${packages})`;
}

const openssl = { skip: missing("openssl", ["version"], /^OpenSSL 3/, "openssl"), leaves, timeoutMs: 60_000 };
const curl = { skip: missing("curl", ["--version"], /HTTP2/, "curl"), leaves, timeoutMs: 60_000 };
const nginx = { skip: nginxMissing, leaves, timeoutMs: 60_000 };

interface Ran {
  readonly child: ChildProcess;
  /** What it printed until now. */
  readonly output: () => string;
  /** Everything it printed, once it has ended. */
  readonly ended: Promise<string>;
}

function run(command: string, args: readonly string[]): Ran {
  const child = spawn(command, args, { stdio: "pipe" });
  recordProcess([command, ...args].join(" "), child);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => text += String(bytes));
  child.stdin.on("error", () => {}); // it may end before it is written to
  const ended = new Promise<string>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", () => resolve(text));
  });
  return { child, output: () => text, ended };
}

/** Calls `use` with the port of a server over TLS, which knows its one client. */
async function served(options: ServerOptions, use: (port: number) => Promise<void>): Promise<void> {
  const server = new Server(options);
  server.addService(Trial, echo);
  try {
    await use(await server.listen("127.0.0.1:0"));
  } finally {
    server.close();
    await server.shutdown();
  }
}

const TLS: ServerOptions = { credentials: tls.server({ ...shown }) };
const MUTUAL: ServerOptions = {
  credentials: tls.server({ ...shown, clientCa: authority.cert }),
  authorization: { name: "p", allow_rules: [{ name: "r", source: { principals: [CLIENT] } }] },
};

/** What s_client says of a handshake with `port`. */
async function sClient(port: number, ...args: string[]): Promise<string> {
  const fixed = ["s_client", "-connect", `127.0.0.1:${port}`, "-servername", "localhost", ...CA];
  const { child, ended } = run("openssl", [...fixed, ...args]);
  child.stdin!.end();
  return await ended;
}

for (const [version, protocol] of [["-tls1_2", "TLSv1.2"], ["-tls1_3", "TLSv1.3"]] as const) {
  test(`openssl s_client ${version}: verified, and h2 by ALPN`, () =>
    served(TLS, async (port) => {
      const said = await sClient(port, version, "-alpn", "http/1.1,h2", "-verify_return_error");
      assertMatch(said, /Verify return code: 0 \(ok\)|Verification: OK/);
      assertMatch(said, /ALPN protocol: h2/);
      assertMatch(said, new RegExp(`${protocol.replace(".", "\\.")}, Cipher is`));
    }), openssl);
}

test(
  "openssl s_client: an old version, an old cipher, and no h2 are refused by alerts",
  () =>
    served(TLS, async (port) => {
      const old = await sClient(port, "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0", "-alpn", "h2");
      assertMatch(old, /alert protocol version/);
      const cbc = await sClient(port, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA", "-alpn", "h2");
      assertMatch(cbc, /alert handshake failure/);
      for (const alpn of [["-alpn", "http/1.1"], []]) {
        assertMatch(await sClient(port, ...alpn), /alert no application protocol/);
      }
    }),
  openssl,
);

/** A SETTINGS frame without settings, which a server begins with. */
const SETTINGS = Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0, 0);

/** Has s_server accept one connection of a channel, and gives what became of that. */
async function sServer(
  args: readonly string[],
  use: (channel: Channel, said: () => string) => Promise<void>,
  provider = "openssl",
) {
  const port = await freePort();
  const shows = ["-cert", file("server.pem"), "-key", file("server.key")];
  const fixed = ["s_server", "-accept", `127.0.0.1:${port}`, "-naccept", "1", ...shows, ...CA];
  const { child, output, ended } = run("openssl", [...fixed, ...args]);
  child.stdin!.write(SETTINGS); // it is sent to whoever connects
  await until(() => output().includes("ACCEPT"));
  const channel = new Channel(`localhost:${port}`, {
    credentials: tls.client({ ca: authority.cert, ...own, provider }),
  });
  try {
    await use(channel, output);
  } finally {
    channel.close();
    child.kill("SIGKILL");
    await ended;
  }
}

/** Connects; the channel is ready. */
async function becomesReady(channel: Channel, said: () => string): Promise<void> {
  channel.connect();
  await until(() => channel.state !== "IDLE" && channel.state !== "CONNECTING");
  assertEquals(channel.state, "READY", said());
}

for (const version of ["-tls1_2", "-tls1_3"]) {
  test(
    `openssl s_server ${version}: a channel shows its certificate, and is ready`,
    () => sServer([version, "-alpn", "h2", "-Verify", "1", "-verify_return_error"], becomesReady),
    openssl,
  );
}

for (const provider of ["openssl", "node"]) {
  // -servername: of other names it warns, by an alert before its hello.
  const other = ["-servername", "other.example", "-cert2", file("server.pem"), "-key2", file("server.key")];
  test(
    `openssl s_server -tls1_2: a warning that it is not of this name is no refusal, by ${provider}`,
    () => sServer(["-tls1_2", "-alpn", "h2", ...other], becomesReady, provider),
    openssl,
  );
}

test(
  "openssl s_server: without ALPN a call is UNAVAILABLE, and says so",
  () =>
    sServer(["-tls1_3"], async (channel) => {
      const { code, details } = await failure(createClient(Trial, channel).one({}, { deadlineMs: 20_000 }));
      assertEquals(code, Status.UNAVAILABLE);
      assertMatch(details, /ALPN/);
    }),
  openssl,
);

for (const max of ["1.2", "1.3"]) {
  test(
    `curl --http2 with TLS ${max}: a gRPC call with a client certificate, and one without`,
    () =>
      served(MUTUAL, async (port) => {
        const folder = mkdtempSync(join(tmpdir(), "pollwire-curl-"));
        writeFileSync(join(folder, "request"), Uint8Array.of(0, 0, 0, 0, 2, 0x10, 7)); // { number: 7 }
        const call = (...args: string[]): Promise<string> =>
          run("curl", [
            ...[
              "-sS",
              "--http2",
              "--tls-max",
              max,
              "--cacert",
              file("ca.pem"),
              "-D",
              "-",
              "-o",
              join(folder, "got"),
            ],
            ...["-H", "content-type: application/grpc", "-H", "te: trailers"],
            ...[
              "--data-binary",
              `@${join(folder, "request")}`,
              `https://localhost:${port}/trial.Trial/One`,
              ...args,
            ],
          ]).ended;
        const answer = await call("--cert", file("client.pem"), "--key", file("client.key"));
        assertMatch(answer, /^HTTP\/2 200/);
        assertMatch(answer, /^grpc-status: 0/m);
        assertMatch(await call(), /^curl: \(\d+\) /m);
        const rogue = await call("--cert", file("rogue.pem"), "--key", file("rogue.key"));
        assertMatch(rogue, /^curl: \(\d+\) /m);
        rmSync(folder, { recursive: true });
      }),
    curl,
  );
}

const ENDS_TLS = `ssl_certificate ${file("server.pem")}; ssl_certificate_key ${file("server.key")};`;
const BEGINS_TLS = [
  `grpc_ssl_certificate ${file("client.pem")}; grpc_ssl_certificate_key ${file("client.key")};`,
  `grpc_ssl_trusted_certificate ${file("ca.pem")}; grpc_ssl_verify on; grpc_ssl_name localhost;`,
  "grpc_ssl_server_name on;",
].join(" ");

for (
  const [how, options, to, configuration] of [
    ["and speaks plaintext to the server", {}, "grpc", ""],
    ["and speaks TLS to the server, with its own certificate", MUTUAL, "grpcs", BEGINS_TLS],
  ] as const
) {
  test(
    `nginx ends the client's TLS ${how}`,
    () =>
      served(options, (port) =>
        behindNginx(port, ENDS_TLS + configuration, async (at) => {
          const channel = new Channel(`localhost:${at}`, { credentials: tls.client({ ca: authority.cert }) });
          const client = createClient(Trial, channel);
          const numbers = Array.from({ length: 50 }, (_, number) => number);
          const notes = await Promise.all(numbers.map((number) => client.one({ number })));
          assertEquals(notes.map(({ number }) => number), numbers);
          channel.close();
        }, { listen: "ssl", to })),
    nginx,
  );
}

for (const provider of ["openssl", "node"]) {
  test(
    `openssl s_client: TLS 1.2 by ${provider} does not renegotiate`,
    () =>
      served({ credentials: tls.server({ ...shown, provider }) }, async (port) => {
        const args = ["s_client", "-connect", `127.0.0.1:${port}`, "-tls1_2", "-alpn", "h2", ...CA];
        const { child, output, ended } = run("openssl", args);
        await until(() => /Verify return code: 0/.test(output()));
        child.stdin!.write("R\n"); // its command to renegotiate
        await until(() => child.exitCode !== null, 10_000); // before the server gives up
        assertMatch(await ended, /no.renegotiation|unexpected message|alert|errno=104|error:/i);
        assertEquals(output().match(/Verify return code: 0/g)?.length, 1);
      }),
    openssl,
  );
}
