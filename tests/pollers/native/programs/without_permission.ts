// What an engine says to everything it may not do; run on Deno with permission to read files alone.
import { createEngine } from "../../../../pollers/mod.ts";
import { nativeFactory, nodeFactory } from "../../../../pollers/native/mod.ts";
import { environmentVariable } from "../../../../pollers/native/env.ts";
import { LOOPBACK, tryConnect } from "../../promised.ts";
import type { IoResult } from "../../../../pollers/mod.ts";

const kind = (result: IoResult<unknown>) => result.ok ? "ok" : result.error.kind;
console.log(`variable: ${environmentVariable("PATH")}`);
console.log(`chosen: ${createEngine().name}`);
for (const factory of [nativeFactory, nodeFactory]) {
  const engine = factory.create({});
  const shutDown = Promise.withResolvers<void>();
  const listener = engine.listen({}, () => {}, () => shutDown.resolve());
  console.log(`${factory.name} bind: ${kind(await listener.bind(LOOPBACK))}`);
  console.log(`${factory.name} bind unix: ${kind(await listener.bind({ family: "unix", path: "/tmp/x" }))}`);
  listener.shutdown();
  await shutDown.promise;
  const tcp = await tryConnect(engine, { family: "ipv4", host: "127.0.0.1", port: 1 });
  console.log(`${factory.name} connect: ${kind(tcp)}`);
  if (!tcp.ok) console.log(tcp.error.message);
  console.log(
    `${factory.name} connect unix: ${kind(await tryConnect(engine, { family: "unix", path: "/tmp/x" }))}`,
  );
  const looked = await new Promise<IoResult<unknown>>((done) =>
    engine.resolver().lookup("localhost", 1, done)
  );
  console.log(`${factory.name} lookup: ${kind(looked)}`);
  if (!looked.ok) console.log(looked.error.message);
  await engine.shutdown();
}
