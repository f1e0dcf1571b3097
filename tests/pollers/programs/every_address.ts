// Binds ::1 and ::, and says who is accepted.
import process from "node:process";
import { createEngine } from "../../../pollers/mod.ts";
import { PlainSocket } from "../plain_peer.ts";
import { Acceptor } from "../promised.ts";

const engine = createEngine(process.argv[2]);
const acceptor = Acceptor.create(engine);
const loopback = await acceptor.bind({ family: "ipv6", host: "::1", port: 0 });
console.log(`[::1]: ${loopback.ok ? "bound" : "not bound"}`);
const bound = await acceptor.bind({ family: "ipv6", host: "0::0", port: 0 });
if (!bound.ok) throw new Error(bound.error.message);
acceptor.start();
const plain = await PlainSocket.connect({ family: "ipv4", host: "127.0.0.1", port: bound.value });
const { local, peer } = await acceptor.accept();
const [mine, theirs] = [local, peer].map((one) => "host" in one ? one.host : one.family);
console.log(`[::]: bound, ${mine} is accepted from ${theirs}`);
plain.destroy();
process.exit(0);
