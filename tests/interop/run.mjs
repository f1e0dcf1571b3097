// `npm run interop -- server` and `npm run interop -- client`: gRPC's interop tests on a runtime from npm.
import { runByHand } from "../../.ci/by_hand.mjs";

runByHand("interop", import.meta.url);
