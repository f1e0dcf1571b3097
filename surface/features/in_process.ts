// Servers of the same thread as a feature of channels and servers.

import { connectInProcess, listenInProcess } from "../../transport/mod.ts";
import type { Feature, MadeFeature } from "./feature.ts";

const FEATURE: MadeFeature = {
  name: "inProcess",
  inProcess: {
    connect: connectInProcess,
    listen: (engine, onAccept, onShutdown) => listenInProcess(engine, onAccept, onShutdown),
  },
};

/** "inprocess:name": a channel connects to servers of its thread without a socket, and a server listens there. */
export const inProcess: Feature = FEATURE;
