// Answers the programs whose start is measured; the first line is its address.
import { loadProto, Server } from "pollwire";

const { Greeter } = await loadProto(new URL("./greeter.proto", import.meta.url));
const server = new Server({ poller: "native" });
server.addService(Greeter, { sayHello: ({ name }) => ({ text: `hello ${name}` }) });
console.log(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
