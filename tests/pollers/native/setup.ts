// What the tests of the native pollers share: each factory that runs here, and programs run as processes.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import type { Endpoint, EngineFactory, EventEngine, SocketAddress } from "../../../pollers/mod.ts";
import { nativeFactory, nodeFactory } from "../../../pollers/native/mod.ts";
import { test } from "../../harness.ts";
import { PlainServer, type PlainSocket } from "../plain_peer.ts";
import { type Ended, Program, type ProgramOptions } from "../program.ts";
import { connect, LOOPBACK, withEngine } from "../promised.ts";

/** Declares one test for each of the two factories. */
export function testEach(name: string, body: (factory: EngineFactory) => Promise<void>): void {
  for (const factory of [nativeFactory, nodeFactory]) {
    test(`${factory.name} poller: ${name}`, () => body(factory));
  }
}

/** Runs `body` over an endpoint connected to a plain socket, once over TCP and once over a unix socket. */
export async function overTcpAndUnix(
  factory: EngineFactory,
  body: (endpoint: Endpoint, plain: PlainSocket, engine: EventEngine) => Promise<void>,
): Promise<void> {
  const run = (at: SocketAddress) =>
    withEngine(factory, async (engine) => {
      const server = await PlainServer.listen(at);
      const endpoint = await connect(engine, server.address);
      const plain = await server.accept();
      await body(endpoint, plain, engine);
      endpoint.close();
      plain.destroy();
      await server.close();
    });
  await run(LOOPBACK);
  await withFolder((folder) => run({ family: "unix", path: `${folder}/socket` }));
}

/** Gives `body` a folder of its own and removes it afterwards. */
export async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(`${tmpdir()}/pollwire-`);
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a program of `programs/` to its end. */
export function runProgram(name: string, args: string[], options: ProgramOptions = {}): Promise<Ended> {
  return new Program(new URL(`./programs/${name}`, import.meta.url), args, options).ended;
}
