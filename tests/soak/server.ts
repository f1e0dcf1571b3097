// The server of a soak: a process of its own, until its stdin ends.
import process from "node:process";
import { Server } from "pollwire";
import { answerSamples } from "./resources.ts";
import { handlers, Soak } from "./service.ts";

const server = new Server();
server.addService(Soak, handlers);
const port = await server.listen("127.0.0.1:0");
answerSamples(() => ({}), () => void server.shutdown({ graceMs: 1_000 }).then(() => process.exit(0)));
console.log(`listening ${port}`);
