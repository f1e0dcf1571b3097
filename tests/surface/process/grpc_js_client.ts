// Run by process_test.ts in a process of its own: a client of grpc-js's API that does nothing but wait for a connection.
import process from "node:process";
import * as grpc from "pollwire/grpc-js";

const [, , address, limitMs] = process.argv;
const client = new grpc.Client(address!, grpc.credentials.createInsecure());
client.waitForReady(Date.now() + Number(limitMs), (error) => {
  console.log(error?.message ?? "connected");
  if (error !== undefined) return;
  client.getChannel().watchConnectivityState(grpc.connectivityState.READY, Infinity, () => {});
});
console.log("ready");
