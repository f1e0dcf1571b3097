// Run by process_test.ts in a process of its own: a server, until SIGTERM where it stays that long. Prints "ready" then.
import process from "node:process";
import { Channel, createClient, Server } from "pollwire";
import { connect, LOOPBACK } from "../../pollers/promised.ts";
import { Trial } from "../serving.ts";

const [, , scenario] = process.argv;
const server = new Server();
server.addService(Trial, {
  // Nothing of this handler keeps the process alive.
  one: (note) => new Promise((resolve) => setTimeout(() => resolve(note), note.number).unref()),
});

/** A client that stays connected. */
async function connectClient(port: number): Promise<Channel> {
  const channel = new Channel(`127.0.0.1:${port}`);
  await createClient(Trial, channel).one({});
  return channel;
}

switch (scenario) {
  case "listens":
    await connectClient(await server.listen("127.0.0.1:0"));
    break;
  case "serves a connection that it was given":
    server.serveEndpoint((await server.engine.pair())[0]);
    break;
  case "was shut down":
    await connectClient(await server.listen("127.0.0.1:0"));
    console.log("connected");
    await server.shutdown();
    break;
  case "was closed":
    await connectClient(await server.listen("127.0.0.1:0"));
    console.log("connected");
    server.close();
    break;
  case "was shut down while a client says nothing": {
    const port = await server.listen("127.0.0.1:0");
    await connect(server.engine, { ...LOOPBACK, port } as typeof LOOPBACK);
    await connectClient(port); // accepted after the other
    console.log("connected");
    await server.shutdown();
    break;
  }
  case "finishes a call": {
    const channel = await connectClient(await server.listen("127.0.0.1:0"));
    void createClient(Trial, channel).one({ number: 500 }).then(() => console.log("answered"));
    await createClient(Trial, channel).one({}); // the server has both
    void server.shutdown().then(() => console.log("shut down"));
    break;
  }
  default:
    throw new Error(`No scenario ${JSON.stringify(scenario)}`);
}
console.log("ready");
