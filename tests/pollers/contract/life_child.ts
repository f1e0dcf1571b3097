// Run by contract/life.ts in a process of its own: does what the scenario says, prints "ready" and lets go.
import process from "node:process";
import { createEngine, SliceBuffer } from "../../../pollers/mod.ts";
import { Acceptor, connect, LOOPBACK, readExactly, write } from "../promised.ts";

const [, , name, scenario, options] = process.argv;
const engine = createEngine(name!, JSON.parse(options!));

/** A connection used and closed, a task cancelled, a listener shut down. */
async function useEverything(): Promise<void> {
  const [acceptor, port] = await Acceptor.listen(engine, LOOPBACK);
  const client = await connect(engine, { family: "ipv4", host: "127.0.0.1", port });
  const server = await acceptor.accept();
  await write(client, "hello");
  await readExactly(server, 5);
  engine.cancel(engine.runAt(engine.now() + 60_000, () => {}));
  client.close();
  server.close();
  await acceptor.shutdown();
}

switch (scenario) {
  case "after shutdown":
    await useEverything();
    engine.runAt(engine.now() + 60_000, () => {});
    await engine.shutdown();
    break;
  case "after everything is closed":
    await useEverything();
    break;
  case "after a task is cancelled":
    engine.cancel(engine.runAt(engine.now() + 60_000, () => {}));
    break;
  case "task":
    engine.cancel(engine.runAt(engine.now() + 100, () => {}));
    engine.runAt(engine.now() + 400, () => console.log("ran"));
    break;
  case "listener":
    await Acceptor.listen(engine, LOOPBACK);
    break;
  case "pending read": {
    const [client, server] = await engine.pair();
    client.read(new SliceBuffer(), () => server.close());
    break;
  }
  default:
    throw new Error(`No scenario ${JSON.stringify(scenario)}`);
}
console.log("ready");
