// The native poller keeps the contract.
import { nativeFactory } from "../../pollers/native/mod.ts";
import { ipv6Alone, refusalMissed, resetMissed } from "../windows/wine.ts";
import { contractSuite } from "./contract.ts";

const reasons = {
  "2 a pending read hears of a reset": resetMissed,
  '3 "::" takes IPv4 too': ipv6Alone,
  "3 connect to nobody is refused": refusalMissed,
  "3 connect reports once": refusalMissed,
  "3 onShutdown comes once and last": refusalMissed,
  "4 no callback runs on its caller's stack": refusalMissed,
  "10 what callbacks of connect": refusalMissed,
  "every callback runs inside a turn": refusalMissed,
};
const exceptions = Object.entries(reasons).filter((one): one is [string, string] => one[1] !== undefined);

contractSuite(nativeFactory, Object.fromEntries(exceptions));
