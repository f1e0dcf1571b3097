// Calls over a poller that breaks connections: with a retry policy none of them fails.
import process from "node:process";
import { Channel, createClient, parseProto, Server, type ServiceOf, type Unary } from "pollwire";
import { registerPoller, selectPoller } from "pollwire/pollers";
import { COMMON, readFlags } from "../route_guide/flags.ts";
import { faultyPoller } from "./faulty.ts";

const { poller } = readFlags("Makes 2,000 calls over a poller that breaks connections.", {
  poller: COMMON.poller,
});

let faults = 0;
const inner = selectPoller(poller);
registerPoller(faultyPoller("faulty", inner, { bytes: 20_000, onFault: () => faults++ }));

interface Sum {
  value: number;
}
const { Adder } = parseProto<{ Adder: ServiceOf<{ next: Unary<Sum, Sum> }> }>(`
  syntax = "proto3";
  message Sum { int32 value = 1; }
  service Adder { rpc Next(Sum) returns (Sum) { option idempotency_level = NO_SIDE_EFFECTS; } }
`);

const server = new Server({ poller: "faulty" });
server.addService(Adder, { next: ({ value }) => ({ value: value + 1 }) });
const port = await server.listen("127.0.0.1:0");

const channel = new Channel(`127.0.0.1:${port}`, {
  poller: "faulty",
  serviceConfig: {
    methodConfig: [{
      name: [{}],
      waitForReady: true,
      retryPolicy: {
        maxAttempts: 5,
        initialBackoff: "0.01s",
        maxBackoff: "0.1s",
        backoffMultiplier: 2,
        retryableStatusCodes: ["UNAVAILABLE"],
      },
    }],
  },
});
const client = createClient(Adder, channel);

let [right, wrong] = [0, 0];
for (let i = 0; i < 2_000; i += 20) {
  const calls = Array.from({ length: 20 }, (_, j) => client.next({ value: i + j }));
  for (const [j, call] of calls.entries()) {
    try {
      const { value } = await call;
      if (value === i + j + 1) right++;
      else wrong++;
    } catch (error) {
      console.log(String(error));
      wrong++;
    }
  }
}
console.log(
  `${right} calls right, ${wrong} not, over "faulty" on "${inner.name}": ${faults} connections broken`,
);
await channel.close();
await server.shutdown();
if (wrong > 0 || faults === 0) process.exit(1);
