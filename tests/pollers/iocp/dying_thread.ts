// A thread that has an iocp engine at work in every way, leaves it to others and ends without a word to it.
import process from "node:process";
import type { IocpEngine } from "../../../pollers/iocp/engine.ts";
import { iocpFactory } from "../../../pollers/iocp/mod.ts";
import { endThread, postToOwner, startData } from "../../../pollers/native/thread.ts";
import { Acceptor, connect, LOOPBACK, pattern, read, write } from "../promised.ts";

/** What the owner hears. */
export interface Left {
  readonly resources: unknown;
  /** Where the engine listens. */
  readonly port: number;
}

async function live(round: number): Promise<void> {
  const engine = iocpFactory.create({ ownThread: true }) as IocpEngine;
  const [acceptor, port] = await Acceptor.listen(engine, LOOPBACK);
  const to = { family: "ipv4", host: "127.0.0.1", port } as const;
  const pipe = { family: "npipe", name: `pollwire-dying-${process.pid}-${round}` } as const;
  const [pipes] = await Acceptor.listen(engine, pipe);
  for (const [at, accepting] of [[to, acceptor], [pipe, pipes]] as const) {
    const [client, server] = await Promise.all([connect(engine, at), accepting.accept()]);
    void read(client);
    void read(server);
    void write(client, pattern(32 * 1024 * 1024)); // of which nobody reads more than one piece
  }
  await Promise.all([connect(engine, to), acceptor.accept()]); // and one that is not used
  const left: Left = { resources: engine.exportResources(), port };
  postToOwner(left);
  engine.runAt(engine.now() + 100, endThread); // once the owner has connected too
}

const round = startData() as number | undefined;
// Whoever imports this by mistake starts nothing.
if (round !== undefined) void live(round);
