// Run by contract/life.ts in a process of its own: does what the scenario says, prints "ready" and lets go, and "exits"
// where the runtime has nothing left that it waits for.
import process from "node:process";
import { createEngine, SliceBuffer } from "../../../pollers/mod.ts";
import { Acceptor, connect, LOOPBACK, readExactly, sleep, write } from "../promised.ts";

const [, , name, scenario, options, deafPort] = process.argv;
const engine = createEngine(name!, JSON.parse(options!));
process.on("exit", () => console.log("exits"));

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
  case "with a task":
    engine.runAt(engine.now() + 60_000, () => {});
    break;
  case "with reads pending": {
    const ends = await engine.pair();
    await sleep(100); // until whatever an engine starts has started, and nothing of the pair's making holds the process
    for (const end of ends) end.read(new SliceBuffer(), () => {});
    break;
  }
  case "with reads that began while it was held":
    engine.hold();
    for (const end of await engine.pair()) end.read(new SliceBuffer(), () => {});
    await sleep(100);
    engine.release();
    break;
  case "with accepted connections": {
    const [acceptor, port] = await Acceptor.listen(engine, LOOPBACK);
    const client = await connect(engine, { family: "ipv4", host: "127.0.0.1", port });
    const server = await acceptor.accept();
    client.read(new SliceBuffer(), () => {});
    server.read(new SliceBuffer(), () => {});
    await acceptor.shutdown();
    break;
  }
  case "with a connect on its way":
    for (let i = 0; i < 6; i++) { // a few fill the backlog
      engine.connect({ family: "ipv4", host: "127.0.0.1", port: Number(deafPort) }, {}, () => {});
    }
    break;
  case "once it is released":
    engine.hold();
    engine.hold();
    engine.release();
    engine.release();
    break;
  case "held":
    engine.hold();
    engine.hold();
    engine.release();
    break;
  case "held for a task":
    engine.hold();
    engine.runAt(engine.now() + 400, () => {
      console.log("ran");
      engine.release();
    });
    break;
  case "held for a read": {
    engine.hold();
    const [client, server] = await engine.pair();
    client.read(new SliceBuffer(), () => {
      console.log("read");
      engine.release();
    });
    engine.runAt(engine.now() + 300, () => void write(server, "x"));
    break;
  }
  case "listening":
    await Acceptor.listen(engine, LOOPBACK);
    break;
  default:
    throw new Error(`No scenario ${JSON.stringify(scenario)}`);
}
console.log("ready");
