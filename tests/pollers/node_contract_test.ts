// The poller on node:net keeps the contract, as far as Deno's and Bun's node:net let it.
import { nodeFactory } from "../../pollers/native/mod.ts";
import { runtime } from "../harness.ts";
import { contractSuite } from "./contract.ts";

contractSuite(
  nodeFactory,
  runtime === "deno"
    ? { "3 an address of another machine": "Deno's node:net says EINVAL where it means EADDRNOTAVAIL" }
    : {},
);
