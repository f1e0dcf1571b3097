// Every feature there is.

import { OWN, REGISTERED as BALANCERS } from "../channel/balancer/registry.ts";
import { REGISTERED as RESOLVERS } from "../channel/resolver/registry.ts";
import { EVERY_TLS_LIBRARY } from "../credentials/every_tls_library.ts";
import { callIdentities } from "../features/call_identities.ts";
import { callObservers } from "../features/call_observers.ts";
import { compression } from "../features/compression.ts";
import type { Feature, MadeFeature } from "../features/feature.ts";
import { frameTraces } from "../features/frame_traces.ts";
import { headerMemory } from "../features/header_memory.ts";
import { healthChecks } from "../features/health_checks.ts";
import { inProcess } from "../features/in_process.ts";
import { knownChannels } from "../features/known_channels.ts";
import { keepalive } from "../features/keepalive.ts";
import { plainWords } from "../features/plain_words.ts";
import { proxies } from "../features/proxies.ts";
import { retries } from "../features/retries.ts";
import { serviceConfigs } from "../features/service_configs.ts";
import { sharedConnections } from "../features/shared_connections.ts";
import { streams } from "../features/streams.ts";
import { EVERY_POLLER } from "./engines.ts";

const POLLERS: MadeFeature = { name: "every poller", pollers: EVERY_POLLER };
const TLS_LIBRARIES: MadeFeature = { name: "every TLS library", tlsLibraries: EVERY_TLS_LIBRARY };
const OWN_BALANCERS: MadeFeature = { name: "every balancing policy", balancers: OWN };
const REGISTERED: MadeFeature = { name: "what is registered", balancers: BALANCERS, resolvers: RESOLVERS };

/** Those of channels and servers of the full entry. */
export const EVERYTHING: readonly Feature[] = [
  POLLERS,
  TLS_LIBRARIES,
  OWN_BALANCERS,
  REGISTERED,
  callIdentities,
  callObservers,
  compression,
  frameTraces,
  headerMemory,
  healthChecks,
  inProcess,
  knownChannels,
  keepalive,
  plainWords,
  proxies,
  retries,
  serviceConfigs,
  sharedConnections,
  streams,
];
