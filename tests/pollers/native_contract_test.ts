// The native poller keeps the contract.
import { nativeFactory } from "../../pollers/native/mod.ts";
import { contractSuite } from "./contract.ts";

contractSuite(nativeFactory);
