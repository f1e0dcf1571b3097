// Looks at every poller and makes a call on the one that is chosen; run on a terminal, where Deno may ask its user.
import process from "node:process";
import { Channel, createClient, describePollers, Server } from "pollwire";
import { Trial } from "../../../surface/serving.ts";

const pollers = describePollers();
console.log(`usable: ${pollers.filter(({ usable }) => usable).map(({ name }) => name).join(", ")}`);
console.log(`epoll: ${pollers.find(({ name }) => name === "epoll")?.because}`);
if (process.argv[2] !== "describe") {
  const server = new Server();
  server.addService(Trial, { one: (note) => note });
  const channel = new Channel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
  const { text } = await createClient(Trial, channel).one({ text: "answered" });
  console.log(`${server.engine.name}: ${text}`);
  channel.close();
  await server.shutdown();
}
