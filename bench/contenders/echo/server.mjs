// A raw echo on an engine's endpoints, without HTTP/2: what the poller itself costs. Prints `listening PORT`.
import { createEngine, SliceBuffer } from "pollwire/pollers";
import process from "node:process";
import { readArguments } from "../../../.ci/arguments.mjs";

const options = readArguments("A raw echo on an engine's endpoints, for the bench.", {
  poller: ["native", "pollers to choose from, in order"],
  own: [false, "the thread is the engine's own"],
});
const engine = createEngine(options.poller, { ownThread: options.own });

/** Reads lend their memory, which is used again once the bytes are written: C's loop has one buffer too. */
function echo(endpoint) {
  const data = new SliceBuffer();
  const onRead = (error) => error === undefined ? written(endpoint.write(data, onWritten)) : endpoint.close();
  const onWritten = (error) => error === undefined ? readOn() : endpoint.close();
  const written = (now) => now && readOn();
  const readOn = () => {
    while (endpoint.read(data, onRead, true)) if (!endpoint.write(data, onWritten)) return;
  };
  readOn();
}

const listener = engine.listen({}, echo, () => {});
const port = await listener.bind({ family: "ipv4", host: "127.0.0.1", port: 0 });
listener.start();
console.log(`listening ${port.value}`);
process.stdin.on("end", () => process.exit(0)).resume();
