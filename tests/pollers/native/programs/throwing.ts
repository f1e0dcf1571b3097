// A callback of the engine throws: says "uncaught: boom" where the runtime hears of it, and that the engine goes on.
import process from "node:process";
import { type EngineFactory, SliceBuffer } from "../../../../pollers/mod.ts";
import { nativeFactory, nodeFactory } from "../../../../pollers/native/mod.ts";
import { Acceptor, connect, LOOPBACK, read, until, write } from "../../promised.ts";

const factory: EngineFactory = process.argv[2] === "node" ? nodeFactory : nativeFactory;
const where = process.argv[3];
let heard = "";
// Which of the two depends on what the runtime's own callback is.
process.on("uncaughtException", (error) => heard ||= error.message);
process.on("unhandledRejection", (error) => heard ||= (error as Error).message);
// What is waited for rejects into the handlers above when it does not come.
const limit = setTimeout(() => process.exit(1), 8000);
const boom = () => {
  throw new Error("boom");
};

const engine = factory.create({});
if (where === "accept") {
  let calls = 0;
  let port = 0;
  const listener = engine.listen({}, (endpoint) => {
    endpoint.close();
    if (++calls === 1) boom();
  }, (error) => console.log(`shutdown: ${error?.message}`));
  const bound = await listener.bind(LOOPBACK);
  if (bound.ok) port = bound.value;
  listener.start();
  for (const times of [1, 2]) {
    (await connect(engine, { family: "ipv4", host: "127.0.0.1", port })).close();
    await until(() => calls === times, `connection ${times}`);
  }
  await until(() => heard !== "", "the exception");
  listener.shutdown();
} else {
  const [acceptor, port] = await Acceptor.listen(engine, LOOPBACK);
  const endpoint = await connect(engine, { family: "ipv4", host: "127.0.0.1", port });
  const peer = await acceptor.accept();
  endpoint.read(new SliceBuffer(), boom);
  await write(peer, "x");
  await until(() => heard !== "", "the exception");
  const reading = read(endpoint);
  await write(peer, "y");
  const got = await reading;
  console.log(`then: ${got instanceof Uint8Array ? got[0] : got.message}`);
  endpoint.close();
  peer.close();
  await acceptor.shutdown();
}
await engine.shutdown();
clearTimeout(limit);
console.log(`uncaught: ${heard}`);
