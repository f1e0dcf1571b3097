// Serves both methods until its input ends; the heavy one where the argument says: "executor" or "inline".
import process from "node:process";
import { onExecutor, Server } from "../../mod.ts";
import work from "./heavy.ts";
import { Mixed } from "./service.ts";

const server = new Server();
const heavy = process.argv[2] === "executor" ? onExecutor(new URL("./heavy.ts", import.meta.url)) : work;
server.addService(Mixed, { light: (request) => request, heavy: heavy as typeof work });
console.log(await server.listen("127.0.0.1:0"));
process.stdin.on("end", () => process.exit(0)).resume();
