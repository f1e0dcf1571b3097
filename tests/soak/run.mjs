// `npm run soak`: mixed calls for hours, watched for wrong answers and for what grows.
import process from "node:process";
import { readArguments } from "../../.ci/arguments.mjs";
import { ensureInstalled } from "../../.ci/install.mjs";
import { OPTIONS, USAGE } from "./options.mjs";
import { soak } from "./soak.mjs";

const options = readArguments(USAGE, OPTIONS);
ensureInstalled();
process.exit(await soak(options) ? 0 : 1);
