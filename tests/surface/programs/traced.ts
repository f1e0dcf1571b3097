// Two calls over one connection, one of which fails, and an attempt that is refused; traced by the environment.
import { Channel, createClient, RpcError, Server } from "pollwire";
import { Trial } from "../serving.ts";

const server = new Server();
server.addService(Trial, {
  one: (request) => {
    if (request.number === 1) throw new RpcError("NOT_FOUND", "no such thing");
    return request;
  },
});
const channel = new Channel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
const { one } = createClient(Trial, channel);
await one({ number: 1 }, { deadlineMs: 10_000 }).catch(() => {});
await one({ number: 2 });
channel.close();
await server.shutdown();
const nowhere = new Channel("127.0.0.1:1");
await createClient(Trial, nowhere).one({}).catch(() => {});
nowhere.close();
