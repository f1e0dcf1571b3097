/**
 * What channels and servers of `pollwire/lean` can do where it is given to them; those of `pollwire` have all of it.
 *
 * @example
 * ```ts ignore
 * import { Channel } from "pollwire/lean";
 * import { compression, retries, roundRobin, serviceConfigs } from "pollwire/features";
 * import { native } from "pollwire/pollers/native";
 *
 * const features = [serviceConfigs, retries, roundRobin, compression];
 * const channel = new Channel("dns:///guide.internal", { poller: native, features, loadBalancing: "round_robin" });
 * ```
 *
 * @module
 */

export type * from "../mod.ts";
export {
  balancer,
  leastRequest,
  outlierDetection,
  randomSubsetting,
  ringHash,
  roundRobin,
  weightedRoundRobin,
} from "./balancers.ts";
export { callCredentials } from "../credentials/made_call_credentials.ts";
export { callObservers } from "./call_observers.ts";
export { callIdentities } from "./call_identities.ts";
export { compression } from "./compression.ts";
export { frameTraces } from "./frame_traces.ts";
export { headerMemory } from "./header_memory.ts";
export { healthChecks } from "./health_checks.ts";
export { inProcess } from "./in_process.ts";
export { keepalive } from "./keepalive.ts";
export { openssl } from "./openssl.ts";
export { plainWords } from "./plain_words.ts";
export { proxies } from "./proxies.ts";
export { retries } from "./retries.ts";
export { serviceConfigs } from "./service_configs.ts";
export { sharedConnections } from "./shared_connections.ts";
export { streams } from "./streams.ts";
