// Run by real_etcd_test.ts in a process of its own: calls a server that it finds in the etcd at its argument, and closes
// nothing. Prints "answered" at the end.
import process from "node:process";
import { Channel, createClient } from "pollwire";
import { Trial } from "../serving.ts";

const channel = new Channel(`etcd://${process.argv[2]}/services/trial`);
await createClient(Trial, channel).one({});
console.log("answered");
