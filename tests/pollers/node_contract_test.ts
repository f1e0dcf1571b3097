// The poller on node:net keeps the contract, also on Deno and Bun.
import { nodeFactory } from "../../pollers/native/mod.ts";
import { runtime } from "../harness.ts";
import { contractSuite, type Exceptions } from "./contract.ts";

const onDeno: Exceptions = {
  "3 an address of another machine cannot be bound":
    "node:net on Deno says EINVAL where the system said EADDRNOTAVAIL",
};

contractSuite(nodeFactory, runtime === "deno" ? onDeno : {});
